"""Who is told what: the one who handles a request, the leads, the reviewers.

Whoever left, or has no address, is never written to; what was theirs goes to the leads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from consent.enums import Role
from requests.services.reminders.steps import LATE, Kind

# From here on the leads hear of a date as well (DOMAIN 7).
LEAD_FROM = 2
_TAKES_NEW = (Role.INTAKE_CLERK, Role.CASE_HANDLER, Role.PRIVACY_LEAD_DPO)


@dataclass(slots=True)
class Colleagues:
    """Everybody who may be written to, read once in a pass: address by id, ids by role."""

    addresses: dict[int, str] = field(default_factory=dict)
    roles: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Colleagues":
        found = cls()
        rows = User.objects.filter(is_active=True).exclude(email="").order_by("pk")
        for pk, email, role in rows.values_list("pk", "email", "groups__name"):
            found.addresses[pk] = email
            if role:
                found.roles.setdefault(role, set()).add(pk)
        return found

    @property
    def leads(self) -> set[int]:
        return self.roles.get(Role.PRIVACY_LEAD_DPO, set())

    @property
    def reviewers(self) -> set[int]:
        """The leads, where nobody has the role: somebody must look."""
        return self.roles.get(Role.REVIEWER_LEGAL) or self.leads

    def handling(self, handler_id: int | None) -> set[int]:
        """The one who handles it; the leads where there is nobody, or nobody any more."""
        return {handler_id} if handler_id in self.addresses else self.leads

    def of_step(self, kind: str, number: int, handler_id: int | None) -> set[int]:
        """Who is told of a reminder."""
        if kind == Kind.APPEAL:
            return self.reviewers | (self.leads if number == LATE else set())
        people = self.handling(handler_id)
        if kind == Kind.NEW and handler_id is None:
            return set().union(*(self.roles.get(role, set()) for role in _TAKES_NEW))
        if kind == Kind.EXTENSION:
            return people | self.reviewers
        if kind == Kind.ANSWER and number <= LEAD_FROM:
            return people | self.leads
        return people

    def addresses_of(self, people: Iterable[int]) -> list[tuple[int, str]]:
        return [(pk, self.addresses[pk]) for pk in sorted(people)]
