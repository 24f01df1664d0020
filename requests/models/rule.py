from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from requests.enums import Level


class RightRule(models.Model):
    """One of the request types: what a person may ask, who may file it, what an answer holds.

    ``regimes`` names deadline rules that apply whatever the residence ("US-CA-OPTOUT");
    empty means the rules of the person's residence. ``answer_must`` maps a deadline rule, or
    "*", to the checklist codes an officer ticks before the answer leaves.
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


class DeadlineRule(models.Model):
    """One version of one deadline rule, in force for requests received between two dates.

    ``body`` is the snapshot format of requests.deadlines. A stored version is never edited:
    a change is a new version, and a ticket keeps the bodies it was computed with (INV-01).
    """

    code = models.CharField(_("code"), max_length=30)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    law = models.CharField(_("law"), max_length=200)
    status = models.CharField(_("confirmed"), max_length=1)
    effective_from = models.DateField(_("for requests received from"))
    effective_to = models.DateField(_("to"), null=True, blank=True)
    body = models.JSONField(_("rule"))

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset(
            {"id", "code", "version", "law", "status", "effective_from", "effective_to", "body"}
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
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"
