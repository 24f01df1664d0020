"""Reminding colleagues of dates, and people of what we wait for: derived on each pass, once each.

Nothing here is a stored timer. A pass takes the open requests that it has to look at
(requests.services.alarms), derives from their facts which steps have been reached, and acts on
the last one of each kind unless its Firing exists. The key of a Firing holds the date it is for,
so a date that moved is reminded of anew, and a scheduler that slept for days tells once, in
words that are right now.

    facts       what is known of a batch of requests, read in a handful of statements
    steps       which reminders follow from the facts, and when each is reached (pure)
    looking     one pass over what is due, in batches that no two workers share
    nudges      mails to persons, and closing what nobody confirmed
    late        the mail on the day a date passes
    digest      one mail a day per colleague, at eight where the office is
    colleagues  who is told what
    brake       stops everything where the clock or the number of mails cannot be right
"""

from requests.services.reminders.looking import remind_due

__all__ = ["remind_due"]
