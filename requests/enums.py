"""Closed lists of the work floor, and the one table of moves."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    NEW = "new", pgettext_lazy("request state", "Received")
    TRIAGE = "triage", pgettext_lazy("request state", "Being checked")
    AWAITING_REQUESTER = "awaiting_requester", pgettext_lazy("request state", "Waiting for you")
    IN_PROGRESS = "in_progress", pgettext_lazy("request state", "In progress")
    REVIEW = "review", pgettext_lazy("request state", "Final check")
    ANSWERED = "answered", pgettext_lazy("request state", "Answered")
    APPEAL = "appeal", pgettext_lazy("request state", "Appeal running")
    CLOSED = "closed", pgettext_lazy("request state", "Closed")


# From a state, the ones it may become. Every move in the system is in this table, which
# repeats T02 to T16 of the written transitions; guards stand in services.lifecycle.
NEXT: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.TRIAGE, State.CLOSED}),
    State.TRIAGE: frozenset({State.AWAITING_REQUESTER, State.IN_PROGRESS, State.CLOSED}),
    # To triage only by taking back the question before it leaves (services.undoing).
    State.AWAITING_REQUESTER: frozenset(
        {State.IN_PROGRESS, State.ANSWERED, State.CLOSED, State.TRIAGE}
    ),
    State.IN_PROGRESS: frozenset({State.REVIEW, State.CLOSED}),
    State.REVIEW: frozenset({State.IN_PROGRESS, State.ANSWERED, State.CLOSED}),
    State.ANSWERED: frozenset({State.CLOSED, State.APPEAL}),
    State.APPEAL: frozenset({State.CLOSED, State.IN_PROGRESS}),
    # To triage only from "not confirmed", by a new link that the person asked for, and by taking
    # back what told them that it was set aside.
    State.CLOSED: frozenset({State.APPEAL, State.IN_PROGRESS, State.TRIAGE}),
}

# Tuples, not sets: they stand in indexes and constraints, whose order must not change.
OPEN = tuple(state for state in State if state not in {State.ANSWERED, State.CLOSED})
# A person may withdraw until the answer has left (T14).
WITHDRAWABLE = frozenset(
    {State.NEW, State.TRIAGE, State.AWAITING_REQUESTER, State.IN_PROGRESS, State.REVIEW}
)


class Outcome(models.TextChoices):
    FULFILLED = "fulfilled", pgettext_lazy("outcome", "Done")
    PARTLY_FULFILLED = "partly_fulfilled", pgettext_lazy("outcome", "Done in part")
    REFUSED = "refused", pgettext_lazy("outcome", "Refused")
    NO_DATA_HELD = "no_data_held", pgettext_lazy("outcome", "We hold no data")
    IDENTITY_NOT_PROVED = "identity_not_proved", pgettext_lazy("outcome", "Identity not shown")
    WITHDRAWN = "withdrawn", pgettext_lazy("outcome", "Withdrawn")
    FORWARDED = "forwarded", pgettext_lazy("outcome", "Passed on")
    DUPLICATE = "duplicate", pgettext_lazy("outcome", "Same as an earlier request")
    NOT_A_REQUEST = "not_a_request", pgettext_lazy("outcome", "Not a request")
    EXPIRED = "expired", pgettext_lazy("outcome", "No answer to our question")
    NOT_CONFIRMED = "not_confirmed", pgettext_lazy("outcome", "Email not confirmed")


# After these a person may ask us to look again (T12): they did not get all they asked for.
APPEALABLE = (
    Outcome.PARTLY_FULFILLED,
    Outcome.REFUSED,
    Outcome.NO_DATA_HELD,
    Outcome.IDENTITY_NOT_PROVED,
    Outcome.EXPIRED,
)
# With these an answer tells a person "no", wholly or in part, and must say why.
NEEDS_REASON = (Outcome.REFUSED, Outcome.PARTLY_FULFILLED, Outcome.IDENTITY_NOT_PROVED)
# What an officer can answer with.
ANSWERS = (
    Outcome.FULFILLED,
    Outcome.PARTLY_FULFILLED,
    Outcome.NO_DATA_HELD,
    Outcome.REFUSED,
)


class DenialCode(models.TextChoices):
    """Why we say no. A code, so that it can stand in the audit trail; the law is in DENIAL_LAW."""

    UNFOUNDED = "G1_unfounded", _("The request is manifestly unfounded")
    EXCESSIVE = "G2_excessive", _("The request is excessive or repeats an earlier one")
    IDENTITY = "G3_identity", _("We could not confirm who asked")
    AGENT = "G4_agent", _("The agent did not show that they may act")
    NOT_CONTROLLER = "G5_not_controller", _("Another company is responsible for this data")
    NOT_COVERED = "G6_not_covered", _("The law does not cover this request")
    NO_DATA = "G7_no_data", _("We found no data")
    RIGHTS_OF_OTHERS = "A1_rights_of_others", _("It would harm the rights of others")
    NEVER_DISCLOSE = "A2_never_disclose", _("This kind of data is never sent out")
    UNSEARCHABLE = "A3_unsearchable", _("The data cannot be searched and is not used")
    UK_SEARCH = "A4_uk_search", _("It would need more than a reasonable search")
    ACCURATE = "R1_accurate", _("The data is more likely right than wrong")
    SAME_6M = "R2_same_6m", _("The same correction was refused in the last 6 months")
    EXPRESSION = "E1_expression", _("Freedom of expression and information")
    LEGAL_OBLIGATION = "E2_legal_obligation", _("A law obliges us to keep the data")
    CLAIMS = "E3_claims", _("We need the data for legal claims")
    RESEARCH = "E4_research", _("Archiving, research or statistics")
    TRANSACTION = "E5_transaction", _("We need the data to complete what you ordered")
    SECURITY = "E6_security", _("We need the data for security")
    DEBUG = "E7_debug", _("We need the data to repair errors")
    INTERNAL = "E8_internal", _("Internal use that you can expect")
    NO_GROUND = "E9_no_ground", _("None of the legal grounds for deletion applies")
    BASIS = "P1_basis", _("The right to a portable copy does not cover this data")
    COMPELLING = "O1_compelling", _("Compelling legitimate grounds")
    NOT_SOLELY = "H1_not_solely", _("The decision was not made by a machine alone")
    FRAUD = "X1_fraud", _("We have documented reasons to suspect fraud")
    BLOG_IMPOSSIBLE = "B1_blog_impossible", _("We are not able to remove it")


DENIAL_LAW: dict[DenialCode, str] = {
    DenialCode.UNFOUNDED: "GDPR 12(5)(b); Cal. Civ. Code 1798.145(h)(3)",
    DenialCode.EXCESSIVE: "GDPR 12(5)(b); Cal. Civ. Code 1798.145(h)(3), 1798.130(b)",
    DenialCode.IDENTITY: "GDPR 11(2), 12(2), 12(6); 11 CCR 7022(a), 7023(a), 7024(a)",
    DenialCode.AGENT: "11 CCR 7063",
    DenialCode.NOT_CONTROLLER: "GDPR 4(7)",
    DenialCode.NOT_COVERED: "Cal. Civ. Code 1798.145",
    DenialCode.NO_DATA: "GDPR 15(1)",
    DenialCode.RIGHTS_OF_OTHERS: "GDPR 15(4), 20(4)",
    DenialCode.NEVER_DISCLOSE: "11 CCR 7024(d); Minn. Stat. 325M.14",
    DenialCode.UNSEARCHABLE: "11 CCR 7024(c)",
    DenialCode.UK_SEARCH: "UK GDPR 15(1A)",
    DenialCode.ACCURATE: "GDPR 16; 11 CCR 7023(b)",
    DenialCode.SAME_6M: "11 CCR 7023(h)",
    DenialCode.EXPRESSION: "GDPR 17(3)(a); Cal. Civ. Code 1798.105(d)(4)",
    DenialCode.LEGAL_OBLIGATION: "GDPR 17(3)(b); Cal. Civ. Code 1798.105(d)(8)",
    DenialCode.CLAIMS: "GDPR 17(3)(e)",
    DenialCode.RESEARCH: "GDPR 17(3)(d); Cal. Civ. Code 1798.105(d)(6)",
    DenialCode.TRANSACTION: "Cal. Civ. Code 1798.105(d)(1)",
    DenialCode.SECURITY: "Cal. Civ. Code 1798.105(d)(2)",
    DenialCode.DEBUG: "Cal. Civ. Code 1798.105(d)(3)",
    DenialCode.INTERNAL: "Cal. Civ. Code 1798.105(d)(7)",
    DenialCode.NO_GROUND: "GDPR 17(1)",
    DenialCode.BASIS: "GDPR 20(1)",
    DenialCode.COMPELLING: "GDPR 21(1)",
    DenialCode.NOT_SOLELY: "GDPR 22(1)",
    DenialCode.FRAUD: "11 CCR 7026(e)",
    DenialCode.BLOG_IMPOSSIBLE: "Published promise; GDPR 17(3)",
}


class Level(models.TextChoices):
    """How sure we must be who asks, before anything personal leaves."""

    NONE = "V0", _("None")
    MAILBOX = "V1", _("Control of the mailbox")
    ACCOUNT = "V1A", _("Fresh sign-in to the account")
    REASONABLE = "V2", _("Reasonably certain: two matching facts")
    HIGH = "V3", _("Highly certain: three matching facts and a signed declaration")
    AUTHORITY = "V4", _("Proof of authority")

    def reaches(self, wanted: str) -> bool:
        """Whether somebody who showed this much has shown ``wanted``. The list is in order."""
        levels = list(Level)
        return levels.index(self) >= levels.index(Level(wanted))


class Filer(models.TextChoices):
    PERSON = "person", _("For myself")
    AGENT = "agent", _("For someone I act for")


class Channel(models.TextChoices):
    WEB_FORM = "web_form", _("Web form")
    EMAIL = "email", _("Email")
    PHONE = "phone", _("Phone")
    POST = "post", _("Post")
    IN_PERSON = "in_person", _("In person")
    ACCOUNT = "account", _("Account")
    AGENT_API = "agent_api", _("Agent interface")
    DISPUTE_PROVIDER = "dispute_provider", _("Dispute provider")
    AUTHORITY = "authority", _("Authority")


class ClockKind(models.TextChoices):
    """What the deadline calculator can know of a ticket; the names are the calculator's."""

    RECEIVED = "received", _("Request received")
    ACKNOWLEDGED = "acknowledged", _("Receipt confirmed")
    ID_REQUESTED = "id_requested", _("Proof of identity asked for")
    ID_RECEIVED = "id_received", _("Proof of identity received")
    CLARIFICATION_REQUESTED = "clarification_requested", _("Question asked")
    CLARIFICATION_RECEIVED = "clarification_received", _("Question answered")
    FEE_REQUESTED = "fee_requested", _("Fee asked for")
    FEE_PAID = "fee_paid", _("Fee paid")
    EXTENSION_NOTICE_SENT = "extension_notice_sent", _("Longer time told")
    ANSWERED = "answered", _("Answer sent")
    DENIAL_SENT = "denial_sent", _("Refusal sent")
    APPEAL_RECEIVED = "appeal_received", _("Asked to look again")
    # Begins a new count; the calculator sees it as the receipt of what is new (T16).
    REOPENED = "reopened", _("Opened again")
    # Says of one earlier fact that it never left the house. The calculator hears of neither.
    TAKEN_BACK = "taken_back", _("Taken back")


class Waiting(models.TextChoices):
    IDENTITY = "identity", _("Proof of identity")
    CLARIFICATION = "clarification", _("An answer to our question")
    FEE = "fee", _("A fee")


# What each question does to the clock when it is asked, and when it is answered.
ASKED: dict[Waiting, tuple[ClockKind, ClockKind]] = {
    Waiting.IDENTITY: (ClockKind.ID_REQUESTED, ClockKind.ID_RECEIVED),
    Waiting.CLARIFICATION: (
        ClockKind.CLARIFICATION_REQUESTED,
        ClockKind.CLARIFICATION_RECEIVED,
    ),
    Waiting.FEE: (ClockKind.FEE_REQUESTED, ClockKind.FEE_PAID),
}


class ExtensionReason(models.TextChoices):
    """Why more time is taken. The laws know these; the words are what the person reads."""

    COMPLEXITY = "complexity", _("Your request is complex, and the work takes longer.")
    NUMBER = "number", _("We have received many requests from you.")
    NECESSARY = "necessary", _("The work needs more time than a first look showed.")
    NOT_IN_TIME = "not_in_time", _("The information cannot be brought together sooner.")
    INTERFERENCE = "interference", _("To answer sooner would disturb our other work too much.")
    CONSULTATION = "consultation", _("We must first ask others who are concerned.")
    FORMAT = "format", _("We must bring the data into a form that you can read.")


class Purpose(models.TextChoices):
    """What one secret is good for. It opens one ticket, for one purpose."""

    CONFIRM = "confirm", _("Confirms a mailbox")
    FOLLOW = "follow", _("Opens the status page")
    MANDATE = "mandate", _("Lets the person confirm an agent")
    CODE = "code", _("Code to return to the status page")
    BROWSER = "browser", _("A browser that may see the request")


class Direction(models.TextChoices):
    FROM_PERSON = "in", _("From the person")
    TO_PERSON = "out", _("To the person")
    NOTE = "note", _("Note, not visible to the person")


class Step(models.TextChoices):
    """Where a prepared answer stands."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("Waits for the final check")
    RETURNED = "returned", _("Returned with a comment")
    SENDING = "sending", _("Being sent, can be taken back")
    SENT = "sent", _("Sent")


class Origin(models.TextChoices):
    """Who wrote a version of a rule. What the office wrote comes before what was shipped."""

    SHIPPED = "shipped", _("Shipped with the portal")
    OFFICE = "office", _("Written by the office")


# The mark of a rule whose text of law somebody has read; every other one is to be confirmed.
CONFIRMED = "C"


class RuleStatus(models.TextChoices):
    CONFIRMED = CONFIRMED, _("Confirmed")
    SECONDARY = "S", _("To be confirmed by counsel: from a secondary source")
    MEMORY = "M", _("To be confirmed by counsel: from memory")
    DECISION = "D", _("To be confirmed by counsel: our own decision")
