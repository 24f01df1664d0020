"""Expected failures of the work floor."""

from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent.errors import PortalError
from requests.enums import NEXT, State


class IllegalMove(PortalError):
    code: ClassVar[str] = "illegal_move"
    http_status: ClassVar[int] = 409

    def __init__(self, *, reference: str, now: State, wanted: State) -> None:
        self.reference, self.now, self.wanted = reference, now, wanted
        choices = ", ".join(str(s.label) for s in State if s in NEXT[now])
        super().__init__(
            _(
                "Request %(reference)s is “%(now)s”, so it cannot become “%(wanted)s”. "
                "It can become: %(choices)s."
            )
            % {
                "reference": reference,
                "now": now.label,
                "wanted": wanted.label,
                "choices": choices,
            }
        )


class GateClosed(PortalError):
    """A move the table allows, but a guard does not: what is missing is in the text."""

    code: ClassVar[str] = "gate_closed"
    http_status: ClassVar[int] = 409


class ExtensionRefused(GateClosed):
    """The law, or the state of the request, gives no longer time; the text says which and why."""

    code: ClassVar[str] = "extension_refused"


class ReviewerInvolved(PortalError):
    """Who had a part in the first answer does not decide whether it was right (INV-08)."""

    code: ClassVar[str] = "reviewer_involved"
    http_status: ClassVar[int] = 403

    def __init__(self) -> None:
        super().__init__(
            _("You had a part in this request before, so somebody else must look again.")
        )


class RuleRefused(PortalError):
    """A version of a rule that dates cannot be counted with, or that nobody answers for."""

    code: ClassVar[str] = "rule_refused"
    http_status: ClassVar[int] = 422


class NoSuchRequest(PortalError):
    code: ClassVar[str] = "no_such_request"
    http_status: ClassVar[int] = 404


class LinkEnded(PortalError):
    """The secret was right, but it has expired or was used up."""

    code: ClassVar[str] = "link_ended"
    http_status: ClassVar[int] = 410


class WrongCode(PortalError):
    """A code that does not fit. ``tries_left`` counts what remains for this code."""

    code: ClassVar[str] = "wrong_code"
    http_status: ClassVar[int] = 422

    def __init__(self, *, tries_left: int) -> None:
        self.tries_left = tries_left
        super().__init__(
            ngettext(
                "That code is not right. You have %(count)d try left.",
                "That code is not right. You have %(count)d tries left.",
                tries_left,
            )
            % {"count": tries_left}
        )


class CodeUsedUp(PortalError):
    code: ClassVar[str] = "code_used_up"
    http_status: ClassVar[int] = 429

    def __init__(self, *, compared: bool = False) -> None:
        self.compared = compared  # the slow comparison was made; see identity.come_back
        super().__init__(_("This code can no longer be used. Ask for a new code."))


class CodeRefused(PortalError):
    """For a browser we do not know: wrong, ended, or never sent is one and the same."""

    code: ClassVar[str] = "code_refused"
    http_status: ClassVar[int] = 422

    def __init__(self) -> None:
        super().__init__(
            _("That code is not right, or its time is over. Check it, or ask for a new code.")
        )


class TooManyMails(PortalError):
    code: ClassVar[str] = "too_many_mails"
    http_status: ClassVar[int] = 429

    def __init__(self) -> None:
        super().__init__(
            _("We have sent several mails to this address already. Try again in an hour.")
        )


class ChangedMeanwhile(PortalError):
    """Somebody added something after the officer opened the page."""

    code: ClassVar[str] = "changed_meanwhile"
    http_status: ClassVar[int] = 409

    def __init__(self) -> None:
        super().__init__(
            _(
                "Something was added to this request after you opened it. "
                "Nothing was sent and your text is kept. Read the timeline, then send again."
            )
        )


class SecondPersonNeeded(PortalError):
    code: ClassVar[str] = "second_person"
    http_status: ClassVar[int] = 403

    def __init__(self) -> None:
        super().__init__(
            _("You prepared this answer, so a colleague must check it before it is sent.")
        )


class TooLateToUndo(PortalError):
    code: ClassVar[str] = "too_late_to_undo"
    http_status: ClassVar[int] = 409

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or _("The answer has already left, so it cannot be taken back."))


class NotSetUp(PortalError):
    code: ClassVar[str] = "not_set_up"
    http_status: ClassVar[int] = 503

    def __init__(self) -> None:
        super().__init__(_("This portal is not set up yet. Try again later."))
