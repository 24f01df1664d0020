"""The demonstration is what the portal really does, at every stage, and names nobody in a log."""

import logging
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from consent import crypto
from consent.enums import Role
from consent.models import AuditEvent, DataSubject, Organisation, OutboundEmail
from consent.services import sending, sweep
from privacyportal.logging import MaskingFilter
from requests.enums import State
from requests.models import Message, Ticket, Verification
from requests.services import demo
from tests.world import check_world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Where each stage leaves a request.
ENDS = {
    "new": "new",
    "triage": "triage",
    "waiting": "awaiting_requester",
    "in_progress": "in_progress",
    "review": "review",
    "answered": "answered",
    "closed": "closed",
    "withdrawn": "closed",
    "overdue": "in_progress",
}


@pytest.fixture(autouse=True)
def reference():
    call_command("load_reference_data", verbosity=0)


def seed(**options):
    call_command("seed_demo", verbosity=0, **options)
    return list(Ticket.objects.order_by("pk"))


@pytest.fixture
def masked(caplog):
    """What the portal's own handler would write, with every logger at its most talkative."""
    caplog.set_level(logging.DEBUG)
    mask = MaskingFilter()
    caplog.handler.addFilter(mask)
    yield caplog
    caplog.handler.removeFilter(mask)


@pytest.mark.parametrize("stage", demo.STAGES)
def test_each_stage_is_reached_in_both_languages(stage, capsys):
    made = seed(at=stage, tickets=6)
    assert {ticket.state for ticket in made} == {ENDS[stage]}
    assert {ticket.language for ticket in made} == {"en", "sq"}
    printed = capsys.readouterr().out
    assert [ticket.reference for ticket in made] == re.findall(r"PR-\w{4}-\w{4}", printed)
    late = [ticket for ticket in made if ticket.due_on < timezone.now().date()]
    assert bool(late) is (stage == "overdue")
    assert check_world() == 6


def test_the_demonstration_names_an_officer_and_leaves_a_name_of_yours_alone():
    seed(at="new", tickets=1)
    assert Organisation.objects.get().dpo_name == demo.OFFICER
    Organisation.objects.update(dpo_name="Somebody Else")
    seed(at="new", tickets=1)
    assert Organisation.objects.get().dpo_name == "Somebody Else"


def test_all_stages_at_once_fill_every_part_of_the_office():
    made = seed(tickets=len(demo.STAGES) * 2)
    assert {ticket.state for ticket in made} == set(ENDS.values())
    check_world()
    client = Client()
    lead = User.objects.get(username="drita")
    client.force_login(lead)
    home = client.get("/admin/")
    assert home.status_code == 200
    assert min(home.context["counts"].values()) >= 1
    for ticket in made:
        for language in ("en", "sq"):
            client.post("/language/", {"language": language})
            page = client.get(f"/admin/requests/ticket/{ticket.pk}/change/")
            assert page.status_code == 200, ticket.state


def test_it_can_be_run_again():
    """A second run adds requests and breaks nothing; the colleagues stay three."""
    first = seed(tickets=3)
    again = seed(tickets=3)
    assert len(again) == len(first) + 3
    assert len({ticket.reference for ticket in again}) == len(again)
    assert User.objects.count() == 3
    check_world()


def test_the_same_seed_makes_the_same_people():
    def people(number):
        Message.objects.all().delete()
        made = demo.seed(tickets=4, stage="triage", seed=number)
        moments = [ticket.received_at for ticket in made]
        return [
            (ticket.email, ticket.right.code, (moment - moments[0]) // timedelta(minutes=1))
            for ticket, moment in zip(made, moments, strict=True)
        ]

    assert people(7) == people(7) != people(8)


def test_the_colleagues_cannot_sign_in_until_somebody_lets_them():
    seed(tickets=1)
    assert {user.username: user.has_usable_password() for user in User.objects.all()} == {
        "besa": False, "ilir": False, "drita": False,
    }  # fmt: skip
    roles = {user.username: user.groups.get().name for user in User.objects.all()}
    assert roles == {
        "besa": Role.CASE_HANDLER,
        "ilir": Role.REVIEWER_LEGAL,
        "drita": Role.PRIVACY_LEAD_DPO,
    }


@pytest.mark.parametrize("options", [{"at": "nowhere"}])
def test_an_unknown_stage_is_refused_with_the_known_ones(options):
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("seed_demo", "--at", options["at"])
    assert not Ticket.objects.exists()


def test_without_reference_data_it_says_what_to_type():
    from consent.models import Organisation

    Organisation.objects.update(is_default=False)
    with pytest.raises(CommandError, match="load_reference_data"):
        call_command("seed_demo")


# --- nothing of a person in the trail or in a log (invariant 7) -------------------------


def secrets_of(mails):
    """Every link and code that was mailed."""
    text = "\n".join(one.body for one in mails)
    tokens = re.findall(r"/([\w-]{43})/", text)
    codes = re.findall(r"\b(\d{4} \d{4})\b", text)
    return {*tokens, *codes, *(code.replace(" ", "") for code in codes)}


def test_no_person_and_no_secret_is_in_the_trail_or_in_a_log(masked, settings, client):
    """Filed, confirmed, answered, mailed and looked at."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    made = seed(tickets=len(demo.STAGES))
    OutboundEmail.objects.update(due_at=timezone.now())
    sending.deliver_due()
    sweep.run()
    client.force_login(User.objects.get(username="drita"))
    for ticket in made:
        client.get(f"/admin/requests/ticket/{ticket.pk}/change/")
        client.get("/admin/requests/ticket/", {"q": ticket.email})
    sent = secrets_of(mail.outbox)
    for secret in [one for one in sent if len(one) == 43]:
        client.get(f"/en/confirm/{secret}/")
        client.get(f"/en/nowhere/{secret}/")
    assert len(mail.outbox) >= len(made)
    assert len(sent) > len(made)
    canaries = {
        *sent,
        *(ticket.email for ticket in made),
        *(ticket.name for ticket in made),
        *(name for ticket in made for name in ticket.name.split() if len(name) > 4),
        *(ticket.details for ticket in made),
        *Message.objects.values_list("body", flat=True),
        *DataSubject.objects.values_list("email_key", flat=True),
    }
    trail = "\n".join(str(values) for values in AuditEvent.objects.values_list("action", "data"))
    logged = masked.text
    assert [word for word in canaries if word in trail] == []
    assert [word for word in canaries if word in logged] == []
    hashes = set(Verification.objects.values_list("token_hash", flat=True))
    assert {crypto.token_hash(one) for one in sent if len(one) == 43} <= hashes
    assert [one for one in hashes if one and one in logged] == []
    check_world()


def test_the_mask_hides_addresses_and_secrets(masked):
    logging.getLogger("consent").debug("to %s with %s", "ana.hoxha@example.com", "A" * 43)
    assert "to [email] with [secret]" in masked.text


def test_a_state_that_no_stage_shows_is_known():
    assert set(State) - set(ENDS.values()) == {State.APPEAL}
