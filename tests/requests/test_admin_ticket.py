"""The page of one request: the next step, every button, answering, undo, the second person."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from consent.enums import Role
from consent.models import AuditEvent, OutboundEmail
from requests.admin import steps
from requests.enums import Outcome, State, Step
from requests.models import Decision, Message, Ticket
from requests.services import decisions, messages
from tests import factories, public, situations

pytestmark = pytest.mark.django_db

BASE = "/admin/requests/ticket/"
# What the button of each situation is, for somebody who may do everything there.
MAIN = {
    "new": "note",
    "no_mailbox": "identity",
    "unverified": "message",
    "unproved": "identity",
    "triage": "start",
    "awaiting_requester": "message",
    "in_progress": "answer",
    "review": "review",
    "sending": "undo",
    "answered": "close",
    "appeal": "decide",
    "closed": "next",
    "withdrawn": "next",
    "disowned": "next",
}


@pytest.fixture
def besa():
    return factories.officer()


@pytest.fixture
def desk(client, besa):
    client.force_login(besa)
    return client


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def page_of(ticket):
    return f"{BASE}{ticket.pk}/change/"


def next_step(page):
    """The part of the page that says what comes next."""
    start = page.index('class="buttons"')
    return page[page.rindex("<section", 0, start) : page.index("</section>", start)]


def buttons(part):
    """(address, is it a press, is it the main one) of each button in a part of a page."""
    links = re.findall(r'<a class="button( quiet)?" href="([^"]+)"', part)
    presses = re.findall(
        r'<form method="post" action="([^"]+)">.*?<button class="button( quiet)?">', part, re.DOTALL
    )
    found = [(unescape(address), False, not quiet) for quiet, address in links]
    return found + [(address, True, not quiet) for address, quiet in presses]


def hidden(page):
    """The hidden fields of the page's form, as a browser would send them."""
    text = page.content.decode() if hasattr(page, "content") else page
    found = re.findall(r'<input type="hidden" name="(seen|opened)" value="([^"]*)"', text)
    return {name: unescape(value) for name, value in found}


def typed(desk, path, **fields):
    """The fields of a writing page, filled in."""
    return {**hidden(desk.get(path)), **fields}


# --- what comes next -----------------------------------------------------------------


def test_every_state_has_a_situation_and_every_action_a_use():
    extra = {steps.SENDING, steps.UNVERIFIED, steps.UNPROVED, steps.NO_MAILBOX}
    assert {*State.values, *extra} == set(steps.SITUATIONS)
    used = {name for now in steps.SITUATIONS.values() for name in (now.main, *now.others)}
    assert used == set(steps.ACTIONS)
    assert all(now.main not in now.others for now in steps.SITUATIONS.values())


@pytest.mark.parametrize("name", situations.SITUATIONS)
def test_every_state_has_exactly_one_main_action(name):
    made = situations.at(name)
    page = browser(factories.lead()).get(page_of(made)).content.decode()
    main = [address for address, _press, is_main in buttons(next_step(page)) if is_main]
    assert len(main) == 1
    assert resolve(main[0].partition("?")[0]).url_name == f"requests_ticket_{MAIN[name]}"


@pytest.mark.parametrize("name", situations.SITUATIONS)
@pytest.mark.parametrize("role", [Role.CASE_HANDLER, Role.REVIEWER_LEGAL, Role.PRIVACY_LEAD_DPO])
def test_every_button_leads_somewhere_that_works(name, role):
    """A button that is offered does what it says: never refused, never an error message."""
    made = situations.at(name)
    user = factories.staff(role)
    page = browser(user).get(page_of(made))
    for address, press, _main in buttons(next_step(page.content.decode())):
        client = browser(user)
        if not press:
            assert client.get(address).status_code in {200, 302}, address
            continue
        made = situations.at(name, factories.officer(f"x-{name}-{address.split('/')[-2]}"))
        there = re.sub(r"/\d+/", f"/{made.pk}/", address)
        answer = client.post(there, {"seen": made.version}, follow=True)
        assert answer.status_code == 200
        kinds = {message.level_tag for message in answer.context["messages"]}
        assert "error" not in kinds, (address, list(answer.context["messages"]))


@pytest.mark.parametrize("name", situations.SITUATIONS)
@pytest.mark.parametrize("language", ["en", "sq"])
def test_the_page_of_every_situation_opens_in_both_languages(name, language):
    made = situations.at(name)
    client = browser(factories.lead())
    client.post("/language/", {"language": language})
    for query in ("", "?timeline=person", "?timeline=notes", "?timeline=odd"):
        page = client.get(page_of(made) + query)
        assert page.status_code == 200
        assert f'<html lang="{language}">' in page.content.decode()
        assert made.reference in page.content.decode()


@pytest.mark.parametrize("role", [Role.INTAKE_CLERK, Role.REVIEWER_LEGAL])
@pytest.mark.parametrize("name", situations.SITUATIONS)
def test_nothing_is_offered_that_the_role_may_not_do(name, role):
    made, user = situations.at(name), factories.staff(role)
    page = browser(user).get(page_of(made)).content.decode()
    for address, press, _main in buttons(page):
        answer = getattr(browser(user), "post" if press else "get")(address)
        assert answer.status_code != 403, address


def test_the_preparer_is_told_that_a_colleague_checks(besa):
    made = situations.at("review", besa)
    page = browser(besa).get(page_of(made)).content.decode()
    assert "You prepared this answer. A colleague must check it before it leaves." in page
    assert [address for address, _p, main in buttons(next_step(page)) if main] == []


# --- answering ------------------------------------------------------------------------


def test_an_answer_goes_from_ready_made_text_to_preview_to_the_person(desk, besa):
    made = situations.at("in_progress", besa)
    path = f"{BASE}{made.pk}/answer/"
    page = desk.get(path)
    draft = page.context["form"]["body"].value()
    assert "Ana Hoxha" in draft
    assert "[…]" in draft
    fields = {**hidden(page), "outcome": "fulfilled", "denial_code": "", "checked": ["copy"]}
    taken = desk.post(path, {**fields, "step": "template", "outcome": "no_data_held", "body": "x"})
    assert taken.context["form"]["body"].value() not in {"x", draft}
    gap = desk.post(path, {**fields, "step": "preview", "body": draft})
    assert gap.status_code == 422
    assert "Fill in each place marked […]" in gap.content.decode()
    preview = desk.post(path, {**fields, "step": "preview", "body": "Here is <b>all</b>.\n\nBye."})
    shown = preview.content.decode()
    assert preview.status_code == 200
    assert "<p>Here is &lt;b&gt;all&lt;/b&gt;.</p>" in shown
    assert "Send to ana@example.org" in shown
    assert not Decision.objects.exists()
    change = desk.post(path, {**fields, "step": "change", "body": "Here is all."})
    assert change.context["form"]["body"].value() == "Here is all."
    assert not Decision.objects.exists()
    sent = desk.post(path, {**fields, "step": "send", "body": "Here is all."})
    assert (sent.status_code, sent["Location"]) == (302, page_of(made))
    decision = Decision.objects.get()
    assert (decision.step, decision.body, decision.prepared_by) == (
        Step.SENDING, "Here is all.", besa,
    )  # fmt: skip
    assert Ticket.objects.get(pk=made.pk).state == State.REVIEW
    assert public.mails("answered") == []
    decisions.release_due(now=timezone.now() + timedelta(seconds=16))
    assert [mail["to"] for mail in public.mails("answered")] == ["ana@example.org"]
    assert "Here is all." not in str(public.mails("answered"))
    assert Ticket.objects.get(pk=made.pk).state == State.ANSWERED


def test_the_ready_made_text_speaks_the_persons_language(besa):
    made = factories.in_progress(by=besa, language="sq")
    draft = browser(besa).get(f"{BASE}{made.pk}/answer/").context["form"]["body"].value()
    english = factories.in_progress(by=besa, email="b@example.org")
    other = browser(besa).get(f"{BASE}{english.pk}/answer/").context["form"]["body"].value()
    assert draft != other
    assert "ë" in draft


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"body": " "}, "Write the answer."),
        ({"checked": []}, "Tick each point that the answer must contain."),
        ({"outcome": ""}, "Choose the outcome of this request."),
        ({"outcome": "withdrawn"}, "withdrawn"),
        ({"outcome": "refused", "checked": []}, "Choose the legal reason."),
        ({"denial_code": "A1_rights_of_others"}, "A reason for refusal does not go with"),
        ({"checked": ["copy", "more"]}, "more"),
        ({"body": "x" * 20_001}, "20"),
        ({"seen": "x"}, ""),
    ],
)
def test_what_is_missing_in_an_answer_is_named_and_nothing_typed_is_lost(
    desk, besa, change, sentence
):
    made = situations.at("in_progress", besa)
    path = f"{BASE}{made.pk}/answer/"
    fields = {"outcome": "fulfilled", "denial_code": "", "checked": ["copy"], "body": "All of it."}
    answer = desk.post(path, typed(desk, path, **{**fields, "step": "send", **change}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in unescape(page)
    assert change.get("body", "All of it.").strip() in page
    assert not Decision.objects.exists()


@pytest.mark.parametrize("step", ["preview", "send", "send_next", "", "odd"])
def test_only_the_send_buttons_send(desk, besa, step):
    made = situations.at("in_progress", besa)
    path = f"{BASE}{made.pk}/answer/"
    fields = {"outcome": "fulfilled", "denial_code": "", "checked": ["copy"], "body": "All."}
    desk.post(path, typed(desk, path, **fields, step=step))
    assert Decision.objects.exists() is step.startswith("send")


def test_send_and_open_next_goes_on(desk, besa):
    made, other = situations.at("in_progress", besa), factories.confirmed(email="b@example.org")
    path = f"{BASE}{made.pk}/answer/"
    fields = {"outcome": "fulfilled", "denial_code": "", "checked": ["copy"], "body": "All."}
    answer = desk.post(path, typed(desk, path, **fields, step="send_next"), follow=True)
    assert answer.redirect_chain == [(page_of(other), 302)]
    assert f"The answer to {made.reference} leaves at" in answer.content.decode()
    assert f'action="{BASE}{made.pk}/undo/"' in answer.content.decode()


# --- undo -------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "taken"), [(14, True), (16, False)])
def test_undo_works_for_fifteen_seconds_and_then_explains(desk, besa, seconds, taken):
    made = situations.at("sending", besa)
    later = timezone.now() + timedelta(seconds=seconds)
    with time_machine.travel(later, tick=False):
        decisions.release_due()
        answer = desk.post(f"{BASE}{made.pk}/undo/", follow=True)
    said = [str(message) for message in answer.context["messages"]]
    after = Ticket.objects.get(pk=made.pk)
    if taken:
        assert said == ["The answer was taken back. Your text is kept."]
        assert after.state == State.IN_PROGRESS
        form = desk.get(f"{BASE}{made.pk}/answer/").context["form"]
        assert form["body"].value() == situations.BODY
        decisions.release_due(now=timezone.now() + timedelta(days=1))
        assert public.mails("answered") == []
    else:
        assert said == ["The answer has already left, so it cannot be taken back."]
        assert after.state == State.ANSWERED
        assert len(public.mails("answered")) == 1


def test_a_second_undo_changes_nothing(desk, besa):
    made = situations.at("sending", besa)
    for _press in range(2):
        desk.post(f"{BASE}{made.pk}/undo/")
    assert Ticket.objects.get(pk=made.pk).state == State.IN_PROGRESS
    assert Decision.objects.get().step == Step.RETURNED
    assert AuditEvent.objects.filter(action="answer.taken_back").count() == 1


# --- the second person ------------------------------------------------------------------


def test_a_no_waits_for_a_colleague_who_is_another(besa):
    made = situations.at("review", besa)
    both = factories.lead("both")  # may work and approve
    assert Decision.objects.get().prepared_by == besa
    assert browser(besa).post(f"{BASE}{made.pk}/approve/").status_code == 403
    checker = browser(both)
    page = checker.get(f"{BASE}{made.pk}/review/")
    assert "Approve and send to ana@example.org" in page.content.decode()
    assert "We looked everywhere." in page.content.decode()
    checker.post(f"{BASE}{made.pk}/approve/", hidden(page))
    decision = Decision.objects.get()
    assert (decision.step, decision.approved_by) == (Step.SENDING, both)


@pytest.mark.parametrize("tabs", [1, 2])
def test_nobody_releases_their_own_no(tabs):
    """Also not from a second window, nor by a form made by hand."""
    both = factories.lead("both")
    made = situations.at("review", both)
    for _tab in range(tabs):
        client = browser(both)
        page = client.get(f"{BASE}{made.pk}/review/").content.decode()
        assert "a colleague must check it" in page
        assert "Approve" not in page
        answer = client.post(f"{BASE}{made.pk}/approve/", {"seen": made.version}, follow=True)
        assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert Decision.objects.get().step == Step.IN_REVIEW
    decisions.release_due(now=timezone.now() + timedelta(days=1))
    assert public.mails("answered") == []


def test_the_checker_sends_it_back_with_a_comment_and_the_text_is_there_again(desk, besa):
    made = situations.at("review", besa)
    checker = browser(factories.staff(Role.REVIEWER_LEGAL))
    path = f"{BASE}{made.pk}/return/"
    fields = hidden(checker.get(f"{BASE}{made.pk}/review/"))
    empty = checker.post(path, {**fields, "body": ""})
    assert empty.status_code == 422
    assert "Write what has to change." in empty.content.decode()
    checker.post(path, {**fields, "body": "Name the register."}, follow=True)
    assert Ticket.objects.get(pk=made.pk).state == State.IN_PROGRESS
    page = desk.get(f"{BASE}{made.pk}/answer/")
    assert "Name the register." in page.content.decode()
    assert page.context["form"]["body"].value() == situations.BODY
    assert page.context["form"]["outcome"].value() == Outcome.PARTLY_FULFILLED
    late = checker.post(path, {**fields, "body": "Again."}, follow=True)
    assert [message.level_tag for message in late.context["messages"]] == ["error"]
    assert checker.get(f"{BASE}{made.pk}/review/")["Location"] == page_of(made)


# --- somebody else was quicker -------------------------------------------------------------


@pytest.mark.parametrize("name", ["answer", "message", "ask"])
def test_what_came_meanwhile_stops_the_mail_and_keeps_the_text(desk, besa, name):
    made = situations.at("in_progress" if name == "answer" else "triage", besa)
    path = f"{BASE}{made.pk}/{name}/"
    fields = {
        "answer": {"outcome": "fulfilled", "denial_code": "", "checked": ["copy"]},
        "message": {},
        "ask": {"about": "clarification"},
    }[name]
    mine = typed(desk, path, **fields, body="My text.", step="send")
    messages.write_to_office(made.pk, "Stop: wrong address.")
    stopped = desk.post(path, mine)
    page = unescape(stopped.content.decode())
    assert stopped.status_code == 409
    assert "Something was added to this request after you opened it." in page
    assert "Stop: wrong address." in page
    assert "My text." in page
    assert not Message.objects.filter(body="My text.").exists()
    assert not Decision.objects.exists()
    again = desk.post(path, {**mine, **hidden(stopped)})
    assert again.status_code == 302
    assert Message.objects.filter(body="My text.").exists() or Decision.objects.exists()


@pytest.mark.parametrize("name", ["start", "approve"])
def test_a_press_on_an_old_page_is_stopped(besa, name):
    made = situations.at("triage" if name == "start" else "review", besa)
    client = browser(factories.lead())
    messages.write_to_office(made.pk, "One more thing.")
    answer = client.post(f"{BASE}{made.pk}/{name}/", {"seen": made.version}, follow=True)
    assert "Something was added" in str(next(iter(answer.context["messages"])))
    assert Ticket.objects.get(pk=made.pk).state == made.state


def test_two_officers_prepare_and_one_is_told(besa):
    made = situations.at("in_progress", besa)
    ilir = factories.officer("ilir")
    path = f"{BASE}{made.pk}/answer/"
    fields = {"outcome": "fulfilled", "denial_code": "", "checked": ["copy"], "step": "send"}
    one, two = browser(besa), browser(ilir)
    first = typed(one, path, **fields, body="One.")
    second = typed(two, path, **fields, body="Two.")
    assert one.post(path, first).status_code == 302
    assert two.post(path, second).status_code == 409
    assert Decision.objects.get().body == "One."


# --- writing, asking, notes, setting aside ----------------------------------------------------


def test_a_message_is_previewed_and_names_the_address_on_its_button(desk, besa):
    made = situations.at("in_progress", besa)
    path = f"{BASE}{made.pk}/message/"
    preview = desk.post(path, typed(desk, path, body="We work on it.", step="preview"))
    assert "Send to ana@example.org" in preview.content.decode()
    assert not Message.objects.exists()
    desk.post(path, typed(desk, path, body="We work on it.", step="send"))
    assert Message.objects.get().body == "We work on it."
    mail = OutboundEmail.objects.get(template="message")
    assert mail.due_at > timezone.now() + timedelta(seconds=10)
    assert "We work on it." not in str(public.mails("message"))


def test_a_note_is_kept_and_looks_different(desk, besa):
    made = situations.at("in_progress", besa)
    path = f"{BASE}{made.pk}/note/"
    before = OutboundEmail.objects.count()
    desk.post(path, typed(desk, path, body="Called the shop.", step="send"))
    page = desk.get(page_of(made)).content.decode()
    assert "Note, not visible to the person" in page
    assert "Called the shop." in page
    assert OutboundEmail.objects.count() == before
    assert "Called the shop." not in desk.get(page_of(made) + "?timeline=person").content.decode()


def test_setting_aside_needs_the_number_typed(desk, besa):
    made = situations.at("triage", besa)
    path = f"{BASE}{made.pk}/aside/"
    fields = typed(desk, path, outcome="duplicate", body="We have this already.", step="send")
    wrong = desk.post(path, {**fields, "number": "PR-0000-0000"})
    assert wrong.status_code == 422
    assert Ticket.objects.get(pk=made.pk).state == State.TRIAGE
    desk.post(path, {**fields, "number": f" {made.reference.lower()} "})
    after = Ticket.objects.get(pk=made.pk)
    assert (after.state, after.outcome) == (State.CLOSED, Outcome.DUPLICATE)


@pytest.mark.parametrize("name", ["answered", "in_progress"])
def test_closing_asks_first_and_only_closes_what_is_answered(desk, besa, name):
    made = situations.at(name, besa)
    path = f"{BASE}{made.pk}/close/"
    assert desk.get(path).status_code == (200 if name == "answered" else 302)
    assert Ticket.objects.get(pk=made.pk).state == made.state
    desk.post(path)
    closed = Ticket.objects.get(pk=made.pk).state == State.CLOSED
    assert closed is (name == "answered")


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("closed", "answer"), ("new", "message"), ("new", "answer"), ("review", "ask"),
        ("withdrawn", "ask"), ("unverified", "answer"), ("answered", "aside"),
    ],
)  # fmt: skip
def test_a_form_sent_where_it_does_not_belong_says_why_and_sends_nothing(besa, name, page):
    made = situations.at(name, factories.officer("earlier"))
    desk, path = browser(besa), f"{BASE}{made.pk}/{page}/"
    before = (Message.objects.count(), OutboundEmail.objects.count(), Decision.objects.count())
    fields = {
        "answer": {"outcome": "fulfilled", "denial_code": "", "checked": ["copy"]},
        "ask": {"about": "clarification"},
        "aside": {"outcome": "duplicate", "number": made.reference},
    }.get(page, {})
    opened = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.%f%z")
    fields |= {"opened": opened, "body": "Text that stays.", "step": "send"}
    now = desk.post(path, {**fields, "seen": made.version})
    assert (now.status_code, now["Location"]) == (302, page_of(made))
    # Written before the request moved on: refused as well, and the text is not lost.
    answer = desk.post(path, {**fields, "seen": made.version - 1})
    assert answer.status_code == 409
    assert "Text that stays." in answer.content.decode()
    counts = (Message.objects.count(), OutboundEmail.objects.count(), Decision.objects.count())
    assert counts == before
    assert Ticket.objects.get(pk=made.pk).state == made.state


# --- what the page shows ------------------------------------------------------------------------


def test_what_people_wrote_is_shown_as_text(desk, besa):
    made = factories.in_progress(
        by=besa, name="<b>Ana</b>", details="<script>x</script>\n\n{{ 7|add:7 }}"
    )
    messages.write_to_office(made.pk, '<img src=x onerror="y">')
    page = desk.get(page_of(made)).content.decode()
    assert "<b>Ana" not in page
    assert "<script>x" not in page
    assert "<img" not in page
    assert "{{ 7|add:7 }}" in page


def test_earlier_requests_of_the_same_person_are_linked(desk, besa):
    first, second = (factories.confirmed() for _n in range(2))
    stranger = factories.confirmed(email="b@example.org")
    page = desk.get(page_of(second)).content.decode()
    assert first.reference in page
    assert stranger.reference not in page


def test_the_page_costs_the_same_however_long_the_story(desk, besa, django_assert_max_num_queries):
    made = situations.at("in_progress", besa)
    for number in range(12):
        messages.write_to_office(made.pk, f"message {number}")
        messages.add_note(made.pk, "note", by=besa)
    desk.get(page_of(made))
    with django_assert_max_num_queries(25):
        assert desk.get(page_of(made)).status_code == 200
