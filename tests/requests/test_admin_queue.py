"""The officers' list: its order, its parts, its search, and what it costs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.admin.guarded import CappedPaginator
from consent.models import AuditEvent, DataSubject
from requests.enums import Direction, Waiting
from requests.models import Message, Ticket
from requests.services import messages, queue
from tests import factories, situations

pytestmark = pytest.mark.django_db

LIST = "/admin/requests/ticket/"


@pytest.fixture
def besa():
    return factories.officer()


@pytest.fixture
def desk(client, besa):
    client.force_login(besa)
    return client


def numbers(page):
    """The requests of the list, in the order of the page."""
    return re.findall(r'<th scope="row"[^>]*><a class="number"[^>]*>([\w-]+)</a>', page)


def listed(desk, **query):
    return numbers(desk.get(LIST, query).content.decode())


def ticket(due_in, **fields):
    """A confirmed request whose answer is due in so many days from the office's today."""
    made = factories.confirmed(**fields)
    day = queue.office_today() + timedelta(days=due_in)
    Ticket.objects.filter(pk=made.pk).update(due_on=day)
    return Ticket.objects.get(pk=made.pk)


def stopped(due_in, by):
    made = ticket(due_in)
    messages.ask(made.pk, "Which account?", about=Waiting.CLARIFICATION, by=by)
    made = Ticket.objects.get(pk=made.pk)
    clock = {**made.clock, "pause_open": True}
    day = queue.office_today() + timedelta(days=due_in)
    Ticket.objects.filter(pk=made.pk).update(due_on=day, clock=clock)
    return Ticket.objects.get(pk=made.pk)


# --- the order ------------------------------------------------------------------


def test_twenty_one_requests_stand_by_deadline_late_first_and_still_clocks_last(desk, besa):
    days = [3, -5, 0, 12, -1, 7, 29, 1, -30, 8, 2, 5, 15, -2, 21, 30]
    running = [ticket(day) for day in days]
    still = [stopped(day, besa) for day in (4, 9, 40, 1)]
    running.append(stopped(-9, besa))  # the day passed by which the person was to hear from us
    factories.ticket()  # not confirmed: in a list of its own
    by_day = sorted(running, key=lambda made: (made.due_on, made.pk))
    by_day += sorted(still, key=lambda made: (made.due_on, made.pk))
    assert listed(desk) == [made.reference for made in by_day]
    page = desk.get(LIST).content.decode()
    tags = re.findall(r'<span class="tag (\w+)">([^<]+)</span> <span class="date">', page)
    assert tags[:6] == [
        ("late", "30 days late"),
        ("late", "9 days late"),
        ("late", "5 days late"),
        ("late", "2 days late"),
        ("late", "1 day late"),
        ("soon", "due today"),
    ]
    assert [kind for kind, _words in tags[-4:]] == ["wait"] * 4
    assert page.count('class="date"') == 21  # the date stands beside the words


def test_requests_of_one_day_stand_in_the_order_they_came(desk):
    made = [ticket(5) for _n in range(4)]
    assert listed(desk) == [one.reference for one in made]


def test_what_is_over_stands_newest_first(desk, besa):
    names = ("closed", "answered", "withdrawn", "disowned")
    over = [situations.at(name, besa).reference for name in names]
    assert listed(desk, show="done") == list(reversed(over))


# --- the parts -------------------------------------------------------------------


def test_each_count_button_is_the_filter_of_its_rows(desk, besa):
    for day in (-3, -1, 0, 4, 7, 8, 20):
        ticket(day)
    taken = ticket(30)
    Ticket.objects.filter(pk=taken.pk).update(handler=besa)
    stopped(-2, besa)
    stopped(3, besa)
    for name in ("new", "answered", "closed", "withdrawn", "disowned"):
        situations.at(name, besa)
    page = desk.get(LIST)
    counts = page.context["counts"]
    assert counts == {
        "late": 3, "soon": 3, "nobody": 9, "waiting": 2, "open": 10, "unconfirmed": 1,
    }  # fmt: skip
    shown = dict(re.findall(r'\?show=(\w+)"[^>]*><strong>(\d+)</strong>', page.content.decode()))
    assert set(shown) == {"late", "soon", "nobody", "waiting"}
    for part, count in shown.items():
        assert len(listed(desk, show=part)) == int(count) == counts[part], part
        current = desk.get(LIST, {"show": part}).content.decode()
        assert f'?show={part}" aria-current="true"' in current
    assert len(listed(desk)) == counts["open"]
    assert len(listed(desk, show="unconfirmed")) == counts["unconfirmed"]
    assert len(listed(desk, show="done")) == 4


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"show": "everything"}, 200), ({"o": "1.2"}, 200), ({"all": ""}, 200),
        ({"_popup": "1"}, 200), ({"_to_field": "email"}, 400), ({"p": "x"}, 200),
        ({"name__startswith": "A"}, 400), ({"form_nonce": "x"}, 400),
        ({"verifications__token_hash__startswith": "a"}, 400),
        ({"handler__password__startswith": "p"}, 400),
    ],
)  # fmt: skip
def test_an_odd_address_of_the_list_is_no_oracle(desk, query, status):
    """Nothing but the written filters is looked up."""
    ticket(5)
    assert desk.get(LIST, query).status_code == status


# --- the search --------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["{}", "{} ", "{lower}", "{bare}", "{bare_lower}", "{spaced}"])
def test_a_number_is_found_as_people_type_it(desk, shape):
    made, _other = ticket(5), ticket(6)
    number = made.reference
    typed = shape.format(
        number,
        lower=number.lower(),
        bare=number.replace("-", ""),
        bare_lower=number.replace("-", "").lower(),
        spaced=number.replace("-", " "),
    )
    assert listed(desk, q=typed) == [number]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ana@example.org", {"ana"}),
        (" ANA@Example.ORG ", {"ana"}),
        ("çel@example.org", set()),
        ("ana@", set()),
        ("leo@example.org", {"agent"}),
        ("kerkese", {"albanian"}),
        ("Kërkesë", {"albanian"}),
        ("ÇELA", {"albanian"}),
        ("cela", {"albanian"}),
        ("kerkese cela", {"albanian"}),
        ("hoxha", {"ana"}),
        ("dema", {"agent"}),
        ("%", set()),
        ("_", set()),
        ("PR-", set()),
        ("0", set()),
    ],
)
def test_the_search_finds_by_address_and_by_name(desk, typed, found):
    made = {
        "ana": ticket(1),
        "albanian": ticket(2, name="Kërkesë Çela", email="kc@example.org"),
        "agent": ticket(
            3, name="Bureau", email="b@example.org", filer="agent",
            person_name="Leo Dema", person_email="leo@example.org",
        ),
    }  # fmt: skip
    assert set(listed(desk, q=typed)) == {made[name].reference for name in found}


def test_a_search_also_finds_what_is_answered_and_what_is_not_confirmed(desk, besa):
    names = ("new", "triage", "answered", "closed", "withdrawn")
    made = [situations.at(name, besa) for name in names]
    assert set(listed(desk, q="Ana Hoxha")) == {one.reference for one in made}
    assert listed(desk, q="Ana Hoxha", show="waiting") == []


def test_what_was_typed_stays_in_the_box_and_is_escaped(desk):
    page = desk.get(LIST, {"q": '"><b>x'}).content.decode()
    assert "<b>x" not in page
    assert 'value="&quot;&gt;&lt;b&gt;x"' in page
    assert "Nothing here." in page


# --- unread ---------------------------------------------------------------------------


def test_a_new_message_shows_in_the_list_until_it_is_read(desk, besa):
    made = situations.at("in_progress", besa)
    assert "new message" not in desk.get(LIST).content.decode()
    messages.write_to_office(made.pk, "Any news?")
    assert "new message" in desk.get(LIST).content.decode()
    page = desk.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "Mark the messages as read" in page
    assert "new message" in desk.get(LIST).content.decode()  # looking is not reading
    desk.post(f"{LIST}{made.pk}/read/")
    assert "new message" not in desk.get(LIST).content.decode()
    assert AuditEvent.objects.filter(action="messages.read").count() == 1
    desk.post(f"{LIST}{made.pk}/read/")
    assert AuditEvent.objects.filter(action="messages.read").count() == 1


# --- the next one -----------------------------------------------------------------------


def test_next_opens_the_most_urgent_of_mine_or_nobodys(desk, besa):
    other = factories.officer("other")
    urgent, mine, later = ticket(-4), ticket(2), ticket(9)
    Ticket.objects.filter(pk=urgent.pk).update(handler=other)
    Ticket.objects.filter(pk=mine.pk).update(handler=besa)
    where = f"{LIST}{{}}/change/".format
    assert desk.get(f"{LIST}next/")["Location"] == where(mine.pk)
    assert desk.get(f"{LIST}next/", {"after": mine.pk})["Location"] == where(later.pk)
    Ticket.objects.filter(pk=later.pk).update(handler=other)
    assert desk.get(f"{LIST}next/", {"after": mine.pk})["Location"] == LIST
    for odd in ("x", "٣", "-1", "9" * 40, ""):
        assert desk.get(f"{LIST}next/", {"after": odd})["Location"] == where(mine.pk)


# --- what it costs -------------------------------------------------------------------------


def rows_of(model, count):
    for number in range(count):
        if model == "ticket":
            made = situations.at("in_progress", factories.officer(f"o{model}{count}{number}"))
            Message.objects.create(ticket=made, direction=Direction.FROM_PERSON, body="hello")
        else:
            factories.SubjectFactory(
                residence=factories.JurisdictionFactory(code=f"X{count}{number}")
            )


@pytest.mark.parametrize(
    ("path", "model"),
    [
        (LIST, "ticket"),
        (f"{LIST}?show=done", "ticket"),
        (f"{LIST}?q=Ana+Hoxha", "ticket"),
        ("/admin/consent/auditevent/", "ticket"),
        ("/admin/consent/outboundemail/", "ticket"),
        ("/admin/consent/datasubject/", "subject"),
        ("/admin/consent/jurisdiction/", "subject"),
        ("/admin/auth/user/", "ticket"),
        ("/admin/", "ticket"),
    ],
)
def test_four_rows_cost_as_many_queries_as_one(client, path, model):
    factories.OrganisationFactory()
    boss = factories.lead()
    boss.is_superuser = True
    boss.save()
    client.force_login(boss)
    rows_of(model, 1)
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        assert client.get(path).status_code == 200
    rows_of(model, 3)
    with CaptureQueriesContext(connection) as four:
        assert client.get(path).status_code == 200
    assert len(four) == len(one) <= 16


def test_no_list_counts_a_whole_table(client, monkeypatch):
    """A capped count, a fixed number of pages, and nothing behind them."""
    monkeypatch.setattr(CappedPaginator, "CAP", 120)
    factories.OrganisationFactory()
    client.force_login(factories.lead())
    DataSubject.objects.bulk_create(
        DataSubject(
            organisation=factories.OrganisationFactory(),
            email=f"p{n}@example.org",
            email_key=f"p{n}@example.org",
        )
        for n in range(200)
    )
    path = "/admin/consent/datasubject/"
    with CaptureQueriesContext(connection) as done:
        page = client.get(path)
    counts = [row["sql"] for row in done if "COUNT(" in row["sql"]]
    assert counts == []
    assert page.context["cl"].result_count == 121
    assert "There are more. Search to find older ones." in page.content.decode()
    assert client.get(path, {"p": "3"}).status_code == 200
    for deep in ("4", "99", "100000000000000000000"):
        answer = client.get(path, {"p": deep})
        assert (answer.status_code, answer["Location"]) == (302, f"{path}?e=1")
    monkeypatch.setattr(CappedPaginator, "CAP", 500)
    assert "There are more" not in client.get(path).content.decode()


def test_every_list_has_the_capped_count():
    from django.contrib import admin

    for view in admin.site._registry.values():
        assert issubclass(view.paginator, CappedPaginator), view
        assert view.show_full_result_count is False, view
        assert view.list_per_page <= 100, view
        assert view.list_max_show_all == 0, view
