from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import Case, Q, When
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.enums import Language
from consent.models import DataSubject, Jurisdiction, Organisation
from requests.enums import OPEN, Channel, ClockKind, Filer, Level, Outcome, State, Waiting
from requests.models.rule import RightRule
from requests.references import new_reference


class TicketQuerySet(models.QuerySet["Ticket"]):
    def open(self) -> "TicketQuerySet":
        return self.filter(state__in=OPEN)

    def visible_to(self, user: User | AnonymousUser) -> "TicketQuerySet":
        """Every look at tickets starts here; a ticket outside it is a 404."""
        return self.all() if user.has_perm("ticket.read") else self.none()

    def unconfirmed(self) -> "TicketQuerySet":
        return self.filter(state=State.NEW, confirmed_at__isnull=True)


class Ticket(models.Model):
    """A request from a person, from the first word to the closed file.

    Fields are changed only by requests.services, which keep the audit trail. Dates are
    derived: ``clock`` is what requests.deadlines returned for the rule snapshots in
    ``rules`` and the ticket's clock events; ``due_on`` repeats the leading date for lists.
    ``subject`` stays empty until the mailbox is confirmed: nobody is looked up before.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    reference = models.CharField(
        _("number"), max_length=12, unique=True, default=new_reference, editable=False
    )
    right = models.ForeignKey(
        RightRule, models.PROTECT, verbose_name=_("what is asked"), related_name="+"
    )
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.NEW)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices, blank=True)
    denial_code = models.CharField(_("reason"), max_length=24, blank=True)
    waiting_for = models.CharField(
        _("waiting for"), max_length=16, choices=Waiting.choices, blank=True
    )
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices)
    residence = models.ForeignKey(
        Jurisdiction,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("residence"),
        related_name="+",
    )

    subject = models.ForeignKey(
        DataSubject,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("person"),
        related_name="tickets",
    )
    filer = models.CharField(
        _("filed by"), max_length=8, choices=Filer.choices, default=Filer.PERSON
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("email"), max_length=254, blank=True)
    email_key = models.CharField(_("email key"), max_length=254, blank=True, editable=False)
    person_name = models.CharField(_("name of the person"), max_length=120, blank=True)
    person_email = models.EmailField(_("email of the person"), max_length=254, blank=True)
    # Both names as the search compares them (consent.names).
    name_key = models.CharField(max_length=500, blank=True, editable=False)
    details = models.TextField(_("in their words"), max_length=4000, blank=True)
    customer_number = models.CharField(_("customer number or phone"), max_length=64, blank=True)

    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("handled by"),
        related_name="+",
    )
    received_at = models.DateTimeField(_("received"))
    confirmed_at = models.DateTimeField(_("email confirmed"), null=True, blank=True)
    mandate_at = models.DateTimeField(_("agent confirmed"), null=True, blank=True)
    # What an officer saw of the person's identity by other means than the mailbox.
    identity_level = models.CharField(
        _("identity shown"), max_length=3, choices=Level.choices, blank=True
    )
    identity_at = models.DateTimeField(_("identity shown at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    due_on = models.DateField(_("answer due"))
    rules = models.JSONField(_("rules it was computed with"), default=list, editable=False)
    clock = models.JSONField(_("computed dates"), default=dict, editable=False)
    # Waiting for the person, and the rule stops for that. The database itself keeps it right.
    clock_stopped = models.GeneratedField(
        expression=Case(
            When(state=State.AWAITING_REQUESTER, clock__pause_open=True, then=models.Value(True)),
            default=models.Value(False),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
        verbose_name=_("clock stopped"),
    )
    form_nonce = models.CharField(max_length=64, null=True, blank=True, editable=False)
    # When the sweep has to look at this request again; derived, see requests.services.alarms.
    next_alarm_at = models.DateTimeField(_("next look"), default=timezone.now, editable=False)
    # Counts what was added; a page opened at a smaller number is out of date.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TicketQuerySet.as_manager()

    class PersonalData:
        erase = {
            "name": "",
            "email": "",
            "email_key": "",
            "person_name": "",
            "person_email": "",
            "name_key": "",
            "details": "",
            "customer_number": "",
            "form_nonce": None,
        }
        keep = frozenset(
            {"id", "organisation", "reference", "right", "state", "outcome", "denial_code"}
            | {"waiting_for", "channel", "language", "residence", "subject", "filer", "handler"}
            | {"received_at", "confirmed_at", "mandate_at", "answered_at", "closed_at", "due_on"}
            | {
                "rules",
                "clock",
                "clock_stopped",
                "version",
                "next_alarm_at",
                "identity_level",
                "identity_at",
            }
        )

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["form_nonce"], name="ticket_one_per_form"),
            models.CheckConstraint(
                condition=Q(state=State.CLOSED, closed_at__isnull=False)
                | (~Q(state=State.CLOSED) & Q(closed_at__isnull=True)),
                name="ticket_closed_at_iff_closed",
            ),
            models.CheckConstraint(
                condition=Q(identity_level="", identity_at__isnull=True)
                | Q(identity_level__gt="", identity_at__isnull=False),
                name="ticket_identity_level_with_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.REFUSED, denial_code__gt="")
                | ~Q(outcome=Outcome.REFUSED),
                name="ticket_refused_with_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.ANSWERED, State.CLOSED]) | Q(outcome__gt=""),
                name="ticket_ends_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(state=State.AWAITING_REQUESTER, waiting_for__gt="")
                | (~Q(state=State.AWAITING_REQUESTER) & Q(waiting_for="")),
                name="ticket_waits_for_something_iff_waiting",
            ),
        ]
        indexes = [
            # The officers' list in its order, and the numbers above it without the rows.
            models.Index(
                fields=["due_on", "id", "clock_stopped", "handler", "state", "confirmed_at"],
                name="ticket_open_by_due",
                condition=Q(state__in=OPEN),
            ),
            models.Index(
                fields=["next_alarm_at"], name="ticket_next_alarm", condition=Q(state__in=OPEN)
            ),
            models.Index(fields=["email_key"], name="ticket_by_email_key"),
            # As an officer types it; the query of a search without case asks for UPPER.
            models.Index(Upper("person_email"), name="ticket_by_person_email"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody has shown to be the person: by the mailbox, or to an officer."""
        by_mailbox = self.confirmed_at is not None or not self.right.needs_mailbox
        return by_mailbox or bool(self.identity_level)

    @property
    def is_reachable(self) -> bool:
        """Whether a link may go to the address: its mailbox is theirs, or nothing asks for that.

        An identity shown to an officer says nothing about an address that was only dictated.
        """
        known = self.confirmed_at is not None or not self.right.needs_mailbox
        return bool(self.email) and known

    @property
    def shown_level(self) -> Level:
        """How far the person has shown who they are."""
        seen = Level(self.identity_level or Level.NONE)
        by_mailbox = Level.MAILBOX if self.confirmed_at else Level.NONE
        return seen if seen.reaches(by_mailbox) else by_mailbox


class AppendOnlyQuerySet(models.QuerySet["ClockEvent"]):
    def standing(self) -> "AppendOnlyQuerySet":
        """The facts that count: neither taken back nor the taking back of another."""
        return self.filter(cancels__isnull=True, cancelled_by__isnull=True)

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002 -- the signature of the base class
        raise TypeError("Clock events are never changed; record a new one.")

    def delete(self) -> NoReturn:
        raise TypeError("Clock events are never deleted.")


class ClockEvent(models.Model):
    """A fact the deadline follows from. Append-only; ``at`` is when it happened, which may lie
    before ``recorded_at`` (a letter that was entered late).
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="clock_events")
    kind = models.CharField(_("what"), max_length=24, choices=ClockKind.choices)
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("entered"), default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(_("reason"), max_length=1000, blank=True)
    # The fact that was taken back before it left; unique, so that happens once.
    cancels = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("takes back"),
        related_name="cancelled_by",
    )

    objects = AppendOnlyQuerySet.as_manager()

    class PersonalData:
        erase = {"reason": ""}
        keep = frozenset({"id", "ticket", "kind", "at", "recorded_at", "actor", "cancels"})

    class Meta:
        verbose_name = _("clock event")
        verbose_name_plural = _("clock events")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=ClockKind.TAKEN_BACK, cancels__isnull=False)
                | (~Q(kind=ClockKind.TAKEN_BACK) & Q(cancels__isnull=True)),
                name="clockevent_cancels_iff_taken_back",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"
