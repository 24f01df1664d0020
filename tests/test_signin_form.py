"""The page for signing in."""

import re


def test_the_fields_follow_each_other_and_one_link_sets_a_password(client, db):
    page = client.get("/account/login/").content.decode()
    form = page[page.index('<form method="post" action="/account/login/"') :]
    assert re.findall(r'<input type="(?:text|password)" name="(\w+)"', form) == [
        "login",
        "password",
    ]
    assert page.count("/account/password/reset/") == 1
    assert "placeholder" not in page
