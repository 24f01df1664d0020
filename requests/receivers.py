"""What the work floor hangs into the record floor, which knows nothing of it."""

from consent.services import outbox, sweep
from requests.services import decisions, drafts, identity, reminders


def connect() -> None:
    outbox.before_sending["confirm"] = identity.activate_code
    outbox.before_sending["return_code"] = identity.activate_code
    sweep.register("answers", decisions.release_due)
    sweep.register("reminders", reminders.remind_due)
    sweep.register("drafts", drafts.purge)
