from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from requests.enums import CONFIRMED, Level, Origin, RuleStatus


class RightRule(models.Model):
    """One of the request types: what a person may ask, who may file it, what an answer holds.

    ``regimes`` names deadline rules that apply whatever the residence ("US-CA-OPTOUT");
    empty means the rules of the person's residence. ``answer_must`` lists what an officer
    ticks before the answer leaves, each point in both languages and with its law.
    """

    code = models.CharField(_("code"), max_length=30, unique=True)
    label_en = models.CharField(_("label in English"), max_length=120)
    label_sq = models.CharField(_("label in Albanian"), max_length=120)
    goal_en = models.CharField(_("goal in English"), max_length=120, blank=True)
    goal_sq = models.CharField(_("goal in Albanian"), max_length=120, blank=True)
    hint_en = models.CharField(_("hint in English"), max_length=200, blank=True)
    hint_sq = models.CharField(_("hint in Albanian"), max_length=200, blank=True)
    law = models.CharField(_("law"), max_length=200)
    level = models.CharField(_("verification"), max_length=3, choices=Level.choices)
    filers = models.JSONField(_("who may file it"), default=list)
    channels = models.JSONField(_("where it comes in"), default=list)
    regimes = models.JSONField(_("own deadline rules"), default=list, blank=True)
    promise_applies = models.BooleanField(_("the 30-day promise applies"), default=True)
    one_button = models.BooleanField(_("one button, no form"), default=False)
    second_person = models.BooleanField(_("a second person checks the answer"), default=False)
    recipients_told = models.BooleanField(_("recipients are told (GDPR 19)"), default=False)
    answer_must = models.JSONField(_("what an answer must contain"), default=list, blank=True)
    sort_order = models.PositiveSmallIntegerField(_("order on the start page"), default=0)

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset(
            {"id", "code", "label_en", "label_sq", "goal_en", "goal_sq", "hint_en", "hint_sq"}
            | {"law", "level", "filers", "channels", "regimes", "promise_applies", "one_button"}
            | {"second_person", "recipients_told", "answer_must", "sort_order"}
        )

    class Meta:
        verbose_name = _("request type")
        verbose_name_plural = _("request types")
        ordering = ["sort_order", "code"]

    def __str__(self) -> str:
        return self.label

    def _in_language(self, field: str) -> str:
        language = "sq" if get_language() == "sq" else "en"
        text: str = getattr(self, f"{field}_{language}")
        return text

    @property
    def label(self) -> str:
        return self._in_language("label")

    @property
    def goal(self) -> str:
        """The right as a first-person goal; the label where a goal was not written."""
        return self._in_language("goal") or self.label

    @property
    def goals(self) -> dict[str, str]:
        """The goal by language, for a mail that is rendered later."""
        return {"en": self.goal_en or self.label_en, "sq": self.goal_sq or self.label_sq}

    @property
    def hint(self) -> str:
        return self._in_language("hint")

    @property
    def is_public(self) -> bool:
        """Whether it stands on the start page."""
        return self.sort_order > 0

    @property
    def needs_mailbox(self) -> bool:
        """Whether an address is confirmed first. Opt-outs never are (DESIGN 3.6)."""
        return self.level != Level.NONE


class VersionQuerySet(models.QuerySet["DeadlineRule"]):
    """Stops mistakes in Python; a trigger stops SQL."""

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002 -- Django's signature
        raise TypeError("A stored version of a rule is never changed; write the next one.")

    def delete(self) -> NoReturn:
        raise TypeError("A stored version of a rule is never deleted.")

    def in_use_first(self) -> "VersionQuerySet":
        """Of each code the office's own versions, newest first, then the shipped ones."""
        office = models.Case(
            models.When(origin=Origin.OFFICE, then=models.Value(0)),
            default=models.Value(1),
            output_field=models.IntegerField(),
        )
        return self.order_by("code", office, "-version")


class DeadlineRule(models.Model):
    """One version of one deadline rule, in force for requests received between two dates.

    ``body`` is the snapshot format of requests.deadlines. A stored version is never edited:
    a change is a new version, and a ticket keeps the bodies it was computed with (INV-01).
    ``status`` says how sure we are of the law; "confirmed" is set by a person only.
    """

    code = models.CharField(_("code"), max_length=30)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    law = models.CharField(_("law"), max_length=200)
    status = models.CharField(_("confirmed"), max_length=1, choices=RuleStatus.choices)
    effective_from = models.DateField(_("for requests received from"))
    effective_to = models.DateField(_("to"), null=True, blank=True)
    body = models.JSONField(_("rule"))
    origin = models.CharField(
        _("written by"), max_length=8, choices=Origin.choices, default=Origin.SHIPPED
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("written by"),
    )
    reason = models.TextField(_("reason"), max_length=1000, blank=True)
    created_at = models.DateTimeField(_("stored"), default=timezone.now)

    objects = VersionQuerySet.as_manager()

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset(
            {"id", "code", "version", "law", "status", "effective_from", "effective_to", "body"}
            | {"origin", "author", "reason", "created_at"}
        )

    class Meta:
        verbose_name = _("deadline rule")
        verbose_name_plural = _("deadline rules")
        ordering = ["code", "version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="rule_version_once"),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True)
                | Q(effective_to__gte=models.F("effective_from")),
                name="rule_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(origin=Origin.OFFICE) | Q(author__isnull=False, reason__gt=""),
                name="rule_of_the_office_has_author_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A stored version of a rule is never changed; write the next one.")
        super().save(**kwargs)

    @property
    def is_confirmed(self) -> bool:
        return self.status == CONFIRMED
