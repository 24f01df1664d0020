"""The page of a request: what each browser sees there and what it can do."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone, translation

from consent.models import OutboundEmail
from consent.services import sending
from requests.enums import DenialCode, Direction, Filer, Outcome, State, Waiting
from requests.models import Message, Ticket
from requests.references import new_reference
from requests.services import decisions, lifecycle, links, messages
from requests.views import progress
from tests import factories, public

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(client):
    """Filed by ``client``, not confirmed."""
    public.rows()
    return public.filed(client)


@pytest.fixture
def confirmed(client, ticket):
    client.post(public.link("confirm"), {"press": "confirm"})
    ticket.refresh_from_db()
    return ticket


def page_of(ticket):
    return f"/en/requests/{ticket.reference}/"


SITUATIONS = [
    ({"state": State.NEW}, "You need to do something: confirm"),
    ({"state": State.TRIAGE}, "We have your request"),
    ({"state": State.TRIAGE, "filer": Filer.AGENT}, "We are waiting for the person"),
    (
        {"state": State.AWAITING_REQUESTER, "waiting_for": Waiting.IDENTITY},
        "You need to do something: show",
    ),
    (
        {"state": State.AWAITING_REQUESTER, "waiting_for": Waiting.CLARIFICATION},
        "You need to do something: answer",
    ),
    (
        {"state": State.AWAITING_REQUESTER, "waiting_for": Waiting.FEE},
        "You need to do something: pay",
    ),
    ({"state": State.IN_PROGRESS}, "We are working"),
    ({"state": State.REVIEW}, "We have written the answer"),
    ({"state": State.ANSWERED}, "We have answered"),
    ({"state": State.APPEAL}, "We look at our answer again"),
    *[({"state": State.CLOSED, "outcome": outcome}, "") for outcome in Outcome],
]


@pytest.mark.parametrize(("fields", "begins"), SITUATIONS)
@pytest.mark.parametrize("language", ["en", "sq"])
def test_every_state_has_one_sentence(fields, begins, language):
    right = factories.RightRuleFactory.build()
    at = None if fields["state"] == State.NEW else timezone.now()
    ticket = Ticket(right=right, confirmed_at=at, **fields)
    with translation.override("en"):
        english = progress.turn(ticket, full=True)
    with translation.override(language):
        sentence = progress.turn(ticket, full=True)
    assert sentence
    assert (sentence == english) == (language == "en")
    if language == "en":
        assert sentence.startswith(begins)


def test_every_state_and_reason_to_wait_is_in_the_table():
    assert set(State) - {State.AWAITING_REQUESTER} <= set(progress.TURN)
    assert set(Waiting) <= set(progress.TURN)


@pytest.mark.parametrize("state", [s for s in State if s not in {State.ANSWERED, State.CLOSED}])
def test_an_open_request_is_at_exactly_one_step(state):
    ticket = Ticket(
        right=factories.RightRuleFactory.build(), state=state, received_at=timezone.now()
    )
    ticket.confirmed_at = None if state == State.NEW else timezone.now()
    now = [step for step in progress.steps(ticket) if step.state == "now"]
    assert len(now) == (0 if state == State.APPEAL else 1)


def test_the_current_step_is_marked_once(client, ticket):
    page = client.get(page_of(ticket)).content.decode()
    assert page.count('aria-current="step"') == 1
    assert "You confirm your email" in page


@pytest.mark.parametrize(
    ("language", "question", "reason"),
    [
        ("en", "Why this date?", "The time the law gives ends on"),
        ("sq", "Pse kjo datë?", "Afati që jep ligji mbaron më"),
    ],
)
def test_the_reason_of_the_date_is_one_press_away(client, ticket, language, question, reason):
    page = client.get(page_of(ticket).replace("/en/", f"/{language}/")).content.decode()
    assert question in page
    assert reason in page
    assert "calendar_day" not in page


def test_the_number_is_typed_as_people_type(client, ticket):
    body = ticket.reference.removeprefix("PR-").replace("-", "").lower()
    answer = client.get(f"/en/requests/pr{body}/")
    assert answer["Location"] == page_of(ticket)
    assert client.get("/en/requests/", {"number": body})["Location"] == page_of(ticket)


@pytest.mark.parametrize("number", ["abc", "PR-0000-0001", "12", "PR-7K4M-29QXX"])
def test_what_is_no_number_is_no_page(client, number):
    public.rows()
    assert client.get(f"/en/requests/{number}/").status_code == 404
    answer = client.get("/en/requests/", {"number": number})
    assert answer.status_code == 422
    assert f'value="{number}"' in answer.content.decode()


def test_a_code_confirms_in_the_browser_that_filed(client, ticket):
    answer = client.post(page_of(ticket), {"do": "code", "code": f" {public.newest_code()} "})
    assert answer.status_code == 303
    page = public.text(client.get(answer["Location"]))
    assert "Your email is confirmed." in page
    assert "Send my message" in page
    ticket.refresh_from_db()
    assert ticket.state == State.TRIAGE


def test_a_wrong_code_leaves_four_more_tries(client, ticket):
    right = public.newest_code()
    wrong = "0000 0000" if right != "0000 0000" else "1111 1111"
    said = [client.post(page_of(ticket), {"do": "code", "code": wrong}) for _try in range(6)]
    assert [answer.status_code for answer in said] == [422, 422, 422, 422, 429, 429]
    assert "You have 4 tries left." in public.text(said[0])
    assert "You have 1 try left." in public.text(said[3])
    late = client.post(page_of(ticket), {"do": "code", "code": right})
    assert late.status_code == 429
    ticket.refresh_from_db()
    assert ticket.confirmed_at is None


def test_a_code_of_ten_minutes_ago_is_over(client, ticket):
    code = public.newest_code()
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert client.post(page_of(ticket), {"do": "code", "code": code}).status_code == 429


def test_the_mail_can_be_sent_again_three_times(client, ticket):
    old = public.link("confirm")
    said = [client.post(page_of(ticket), {"do": "resend"}) for _try in range(3)]
    assert [answer.status_code for answer in said] == [303, 303, 429]
    assert "Try again in an hour" in public.text(said[2])
    assert client.get(old).status_code == 404
    assert len(public.mails("confirm")) == 3


def test_a_wrong_address_is_changed_without_typing_the_request_again(client, ticket):
    address = f"{page_of(ticket)}address/"
    assert "ana@example.org" in public.text(client.get(address))
    refused = client.post(address, {"email": "ana@"})
    assert refused.status_code == 422
    answer = client.post(address, {"email": " Ana@New.example "})
    assert answer["Location"] == f"{page_of(ticket)}?done=address"
    assert "We sent an email to Ana@new.example" in public.text(client.get(answer["Location"]))
    ticket.refresh_from_db()
    assert (ticket.email, ticket.details) == ("Ana@new.example", "")
    assert public.mails("confirm")[-1]["to"] == "Ana@new.example"


def test_a_confirmed_address_is_not_changed_here(client, confirmed):
    answer = client.post(f"{page_of(confirmed)}address/", {"email": "eve@example.org"})
    assert answer["Location"] == page_of(confirmed)
    confirmed.refresh_from_db()
    assert confirmed.email == "ana@example.org"


def test_messages_go_both_ways(client, confirmed):
    messages.write_to_person(confirmed.pk, "We found two orders.", by=factories.officer())
    messages.add_note(confirmed.pk, "a note among us", by=None)
    assert "We found two orders." not in public.text(client.get(page_of(confirmed)))
    Message.objects.exclude(leaves_at=None).update(leaves_at=timezone.now())
    page = client.get(page_of(confirmed))
    assert "We found two orders." in public.text(page)
    assert "a note among us" not in public.text(page)

    typed = {"do": "message", "body": "Thank\nyou", "nonce": public.value(page, "nonce")}
    first, second = client.post(page_of(confirmed), typed), client.post(page_of(confirmed), typed)
    assert (first.status_code, second.status_code) == (303, 303)
    mine = Message.objects.get(direction=Direction.FROM_PERSON)
    assert mine.body == "Thank\nyou"
    assert "From you" in public.text(client.get(page_of(confirmed)))


def test_an_empty_message_is_refused_and_a_long_one_kept(client, confirmed):
    empty = client.post(page_of(confirmed), {"do": "message", "body": " \n "})
    long = client.post(page_of(confirmed), {"do": "message", "body": "x" * 4001})
    assert (empty.status_code, long.status_code) == (422, 422)
    assert "Write your message" in public.text(empty)
    assert "x" * 4001 in long.content.decode()
    assert Message.objects.count() == 0


def test_an_answer_to_our_question_starts_the_work(client, confirmed):
    by = factories.officer()
    messages.ask(confirmed.pk, "Which address?", about=Waiting.CLARIFICATION, by=by)
    page = public.text(client.get(page_of(confirmed)))
    assert "You need to do something: answer our question." in page
    client.post(page_of(confirmed), {"do": "message", "body": "The old one"})
    confirmed.refresh_from_db()
    assert confirmed.state == State.IN_PROGRESS


def test_a_refusal_names_its_reason_and_the_authority(client, confirmed, settings):
    settings.UNDO_SECONDS = 0
    lifecycle.start_work(confirmed.pk, by=None)
    code = DenialCode.CLAIMS
    decision = decisions.prepare(
        confirmed.pk,
        outcome=Outcome.REFUSED,
        body="We keep it for a court.",
        denial_code=code,
        checked=[],
        by=factories.officer(),
    )
    decisions.approve(decision.pk, by=factories.lead())
    page = public.text(client.get(page_of(confirmed)))
    for words in ("We have answered.", "We keep it for a court.", str(code.label)):
        assert words in page
    assert "Data Protection Commission" in page
    assert "Withdraw my request" not in page


def test_withdrawing_is_asked_twice_and_told(client, confirmed):
    address = f"{page_of(confirmed)}withdraw/"
    assert client.get(address).status_code == 200
    confirmed.refresh_from_db()
    assert confirmed.state == State.TRIAGE
    answers = [client.post(address), client.post(address)]
    page = public.text(client.get(answers[1]["Location"]))
    assert "You withdrew this request. It is closed." in page
    confirmed.refresh_from_db()
    assert (confirmed.state, confirmed.outcome) == (State.CLOSED, Outcome.WITHDRAWN)
    assert len(public.mails("withdrawn")) == 1


def test_a_browser_that_only_filed_sees_progress_and_no_messages(client, ticket):
    link = public.link("confirm")
    other = Client()
    other.post(link, {"press": "confirm"})  # the owner of the mailbox, on another device
    messages.write_to_person(ticket.pk, "secret answer", by=None)
    Message.objects.update(leaves_at=timezone.now())

    page = public.text(client.get(page_of(ticket)))
    assert "Email confirmed" in page
    assert "secret answer" not in page
    assert "Messages can be read after you show that the mailbox is yours." in page
    for post in ({"do": "message", "body": "x"}, {"do": "email", "email": "eve@example.org"}):
        assert client.post(page_of(ticket), post)["Location"] == page_of(ticket)
    assert client.post(f"{page_of(ticket)}withdraw/")["Location"] == page_of(ticket)
    assert Message.objects.filter(direction=Direction.FROM_PERSON).count() == 0
    assert "secret answer" in public.text(other.get(page_of(ticket)))


def test_the_browser_that_filed_asks_for_a_code_to_read_messages(client, ticket):
    Client().post(public.link("confirm"), {"press": "confirm"})
    answer = client.post(page_of(ticket), {"do": "see"})
    assert answer["Location"] == f"{page_of(ticket)}?done=code"
    assert "Show my messages" in public.text(client.get(answer["Location"]))
    client.post(page_of(ticket), {"do": "code", "code": public.newest_code()})
    assert "There are no messages yet." in public.text(client.get(page_of(ticket)))


def test_an_unknown_browser_comes_back_with_number_and_mailbox(confirmed):
    stranger = Client()
    first = stranger.get(page_of(confirmed))
    assert "Show that it is yours" in public.text(first)
    assert "ana@example.org" not in first.content.decode()
    sent = stranger.post(page_of(confirmed), {"email": "ANA@example.org"})
    assert sent["Location"] == f"{page_of(confirmed)}?step=code"
    back = stranger.post(page_of(confirmed), {"do": "code", "code": public.newest_code()})
    assert back.status_code == 303
    assert "Send my message" in public.text(stranger.get(page_of(confirmed)))


def test_nobody_learns_whether_number_and_address_fit(confirmed):
    cases = [
        (confirmed.reference, "ana@example.org"),
        (confirmed.reference, "eve@example.org"),
        (new_reference(), "ana@example.org"),
    ]
    seen = []
    for number, email in cases:
        stranger, page = Client(), f"/en/requests/{number}/"
        steps = [stranger.get(page), stranger.post(page, {"email": email})]
        sending.deliver_due()
        steps.append(stranger.get(f"{page}?step=code"))
        steps += [stranger.post(page, {"do": "code", "code": "0000 0000"}) for _try in range(6)]
        seen.append(
            [
                (a.status_code, public.text(a).replace(number, "N") if a.content else "")
                for a in steps
            ]
        )
    assert seen[0] == seen[1] == seen[2]
    assert OutboundEmail.objects.filter(template="return_code").count() == 1


def test_a_code_works_in_the_browser_that_asked_only(confirmed):
    asked, other = Client(), Client()
    asked.post(page_of(confirmed), {"email": "ana@example.org"})
    code = public.newest_code()
    assert other.post(page_of(confirmed), {"do": "code", "code": code}).status_code == 422
    assert asked.post(page_of(confirmed), {"do": "code", "code": code}).status_code == 303


def test_access_ends_after_twelve_hours(client, confirmed):
    with time_machine.travel(timezone.now() + timedelta(hours=12, minutes=1)):
        assert "Send my message" not in public.text(client.get(page_of(confirmed)))


def test_two_people_never_see_each_others_requests(client, confirmed):
    other = Client()
    theirs = public.filed(other, email="leo@example.org")
    for browser, foreign in ((client, theirs), (other, confirmed)):
        assert "Show that it is yours" in public.text(browser.get(page_of(foreign)))
        for tail in ("address/", "withdraw/"):
            assert browser.post(f"{page_of(foreign)}{tail}").status_code == 302
    assert (
        links.access(theirs.reference, client.cookies["portal"].value, now=timezone.now()) is None
    )


def test_the_page_is_kept_by_nobody(client, ticket):
    for answer in (client.get(page_of(ticket)), Client().get(page_of(ticket))):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
