"""What the work floor hangs into the record floor, which knows nothing of it."""

from consent.services import outbox, sweep
from consent.services import words as record_words
from requests import words
from requests.services import decisions, drafts, identity, reminders


def connect() -> None:
    outbox.before_sending["confirm"] = identity.activate_code
    outbox.before_sending["return_code"] = identity.activate_code
    sweep.register("answers", decisions.release_due)
    sweep.register("reminders", reminders.remind_due)
    sweep.register("drafts", drafts.purge)
    record_words.ACTIONS |= {**words.AUDITED, **words.TOLD, "ticket.moved": words.moved}
    record_words.MAILS |= {**words.MAILS, **words.MAILS_TO_COLLEAGUES}
    record_words.TARGETS["requests.ticket"] = words.tickets
