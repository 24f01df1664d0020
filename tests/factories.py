"""Objects for tests: plain, valid, and made through the services where a service makes them."""

from datetime import UTC, datetime

import factory
from django.contrib.auth.models import Group, User
from factory.django import DjangoModelFactory

from consent import crypto
from consent.enums import Role
from consent.models import DataSubject, Jurisdiction, Organisation
from requests.enums import Level, Purpose
from requests.models import DeadlineRule, RightRule
from requests.services import identity, intake, lifecycle

# Received on a Tuesday; promise and month both end in July.
RECEIVED = datetime(2026, 6, 9, 10, 0, tzinfo=UTC)


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation
        django_get_or_create = ("is_default",)

    name = "Example"
    legal_name = "Example Ltd."
    address = "Rruga e Durrësit 1, Tirana"
    email = "privacy@example.al"
    phone = "+355 4 000 0000"
    time_zone = "Europe/Tirane"
    is_default = True


class JurisdictionFactory(DjangoModelFactory):
    class Meta:
        model = Jurisdiction
        django_get_or_create = ("code",)

    code = "IE"
    name_en = "Ireland"
    name_sq = "Irlandë"
    regimes = ["EU-GDPR"]
    time_zone = "Europe/Dublin"
    authority_en = "Data Protection Commission"
    authority_sq = "Komisioni për Mbrojtjen e të Dhënave"
    authority_url = "https://www.dataprotection.ie"


class RightRuleFactory(DjangoModelFactory):
    class Meta:
        model = RightRule
        django_get_or_create = ("code",)

    code = "access"
    label_en = "Copy of personal data"
    label_sq = "Kopje e të dhënave"
    goal_en = "Get a copy of my data"
    goal_sq = "Merr një kopje të të dhënave të mia"
    law = "GDPR 15"
    level = Level.MAILBOX
    filers = ["person", "agent"]
    channels = ["web_form"]
    answer_must = [
        {"code": "copy", "en": "A copy of the data", "sq": "Një kopje", "law": "GDPR 15(3)"}
    ]
    sort_order = 1


class SubjectFactory(DjangoModelFactory):
    class Meta:
        model = DataSubject

    organisation = factory.SubFactory(OrganisationFactory)
    email = factory.Sequence(lambda n: f"subject{n}@example.org")
    email_key = factory.LazyAttribute(lambda subject: subject.email)


def staff(role, username=None, **fields):
    """A colleague with one role; the email is theirs so that reminders can find them."""
    name = username or str(role)
    user = User.objects.create_user(
        name,
        email=f"{name}@office.example",
        password="a long phrase for tests",
        is_staff=True,
        **fields,
    )
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def officer(username="besa"):
    return staff(Role.CASE_HANDLER, username)


def lead(username="drita"):
    return staff(Role.PRIVACY_LEAD_DPO, username)


def filing(**fields):
    """What a person typed, for ``intake.open_ticket``; every field may be overridden."""
    values = {
        "organisation": OrganisationFactory(),
        "right": fields.pop("right", None) or RightRuleFactory(),
        "language": "en",
        "received_at": RECEIVED,
        "residence": JurisdictionFactory(),
        "name": "Ana Hoxha",
        "email": "ana@example.org",
        "details": "everything since 2024",
    }
    return intake.Filing(**{**values, **fields})


def ticket(*, browser="", **fields):
    """A filed request, its email not confirmed yet."""
    load_rules()
    return intake.open_ticket(filing(**fields), by=None, browser=browser)[0]


def confirmed(*, browser="browser-of-ana", **fields):
    """A request whose mailbox was confirmed: in triage."""
    made = ticket(browser=browser, **fields)
    row = made.verifications.filter(purpose=Purpose.CONFIRM).last()
    if row is not None:
        identity.confirm(row, browser=browser)
    made.refresh_from_db()
    return made


def in_progress(*, by=None, **fields):
    made = confirmed(**fields)
    lifecycle.start_work(made.pk, by=by)
    made.refresh_from_db()
    return made


def load_rules():
    """The shipped deadline rules, once per test database."""
    if not DeadlineRule.objects.exists():
        from requests.services import reference

        reference.load_deadline_rules()


def new_token():
    return crypto.new_token()
