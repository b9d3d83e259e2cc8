"""Recipients: what goes in never comes out, and a test goes to a real server."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from market.models import Recipient
from tests.admin.alert_pages import text_of

ADD = "/admin/market/recipient/add/"
LIST = "/admin/market/recipient/"
ADDRESS = "https://hooks.example/very-secret-path"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def page_of(recipient: Recipient) -> str:
    return f"{LIST}{recipient.pk}/change/"


def send(client: Client, url: str, **fields: Any) -> str:
    """Everything of the page that follows, tags too: nothing secret may be in any of it."""
    form = {"name": "hook", "kind": "webhook", "enabled": "on", **fields}
    answer = client.post(url, form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def make(**fields: Any) -> Recipient:
    known = {"name": "hook", "kind": "webhook", "address": ADDRESS, "secret": SECRET}
    return Recipient.objects.create(**{**known, **fields})


def test_a_webhook_is_made_with_what_was_typed(chief: Client) -> None:
    page = send(chief, ADD, new_address=ADDRESS, new_secret=SECRET)

    row = Recipient.objects.get()
    assert (row.address, row.secret, row.old_secret) == (ADDRESS, SECRET, "")
    assert ADDRESS not in page
    assert SECRET not in page


def test_a_secret_that_is_made_is_shown_once(chief: Client) -> None:
    page = send(chief, ADD, new_address=ADDRESS)

    shown = re.search(r"shown this once: (whsec_[A-Za-z0-9+/=]+)", page)
    assert shown is not None
    row = Recipient.objects.get()
    assert row.secret == shown[1]
    assert row.secret not in chief.get(page_of(row)).content.decode()


def test_nothing_kept_is_ever_on_its_pages(chief: Client) -> None:
    row = make(old_secret=OTHER_SECRET)

    pages = [chief.get(url).content.decode() for url in (LIST, page_of(row), f"{LIST}{row.pk}/history/")]
    pages.append(send(chief, page_of(row), kind="email", new_secret="x"))

    for page in pages:
        for kept in (ADDRESS, "very-secret-path", SECRET, OTHER_SECRET):
            assert kept not in page


def test_what_is_refused_is_not_written_back(chief: Client) -> None:
    page = send(chief, ADD, new_address=ADDRESS, new_secret="whsec_short")

    assert "whsec_ and base64 of 24 to 64 bytes" in page
    assert ADDRESS not in page
    assert "whsec_short" not in page


def test_left_empty_they_stay(chief: Client) -> None:
    row = make()

    page = send(chief, page_of(row), name="renamed")

    row.refresh_from_db()
    assert (row.name, row.address, row.secret) == ("renamed", ADDRESS, SECRET)
    assert "changed successfully" in page


def test_a_new_secret_takes_over_from_the_old_one(chief: Client) -> None:
    row = make()

    send(chief, page_of(row), new_secret=OTHER_SECRET)
    row.refresh_from_db()
    assert (row.secret, row.old_secret) == (OTHER_SECRET, SECRET)

    send(chief, page_of(row), drop_old_secret="on")
    row.refresh_from_db()
    assert (row.secret, row.old_secret) == (OTHER_SECRET, "")


def test_who_replaced_it_is_in_the_history_but_not_what(chief: Client) -> None:
    row = make()

    send(chief, page_of(row), new_address="https://hooks.example/new", new_secret=OTHER_SECRET)

    last: Any = Recipient.history.first()
    assert last.history_user.username == "chief"
    assert last.history_change_reason == "Address and secret replaced"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "email", "new_address": "nobody"}, "Enter a valid email address."),
        ({"kind": "webhook", "new_address": "ftp://x.example"}, "A webhook has an https://"),
        ({"kind": "webhook", "new_address": "https://x.example:99999"}, "A webhook has an https://"),
        ({"kind": "apprise", "new_address": "telegram"}, "An apprise address begins with its service"),
        ({"kind": "email", "new_address": "a@b.example", "new_secret": SECRET}, "Only webhooks are signed."),
        ({"kind": "webhook"}, "Where to?"),
    ],
)
def test_what_cannot_be_reached_is_refused(chief: Client, fields: dict[str, str], reason: str) -> None:
    assert reason in send(chief, ADD, **fields)
    assert not Recipient.objects.exists()


def test_another_kind_needs_another_address(chief: Client) -> None:
    row = make()

    assert "Where to?" in send(chief, page_of(row), kind="email")


def test_the_list_says_why_one_is_disabled(chief: Client) -> None:
    make(enabled=False, disabled_reason="It failed 20 times since yesterday.", failures=20)
    make(name="off", enabled=False)

    page = text_of(chief.get(LIST))

    assert "It failed 20 times since yesterday. 20 never" in page
    assert "staff switched it off" in page


def test_enabling_it_forgets_the_failures(chief: Client) -> None:
    row = make(enabled=False, disabled_reason="It failed.", failures=20, failing_since=timezone.now())

    page = text_of(chief.post(LIST, {"action": "enable", "_selected_action": [row.pk]}, follow=True))

    row.refresh_from_db()
    assert "1 recipient enabled." in page
    assert (row.enabled, row.disabled_reason, row.failures, row.failing_since) == (True, "", 0, None)


def test_saving_a_name_leaves_what_the_sender_counts(chief: Client) -> None:
    since = timezone.now()
    row = make(failures=3, failing_since=since)

    send(chief, page_of(row), name="renamed")

    row.refresh_from_db()
    assert (row.name, row.failures, row.failing_since) == ("renamed", 3, since)


def test_a_test_goes_to_the_webhook_signed(chief: Client, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_WEBHOOKS = True
    with listening() as (url, received):
        row = make(address=url)
        page = text_of(chief.post(f"{LIST}{row.pk}/send-test/", follow=True))

    ((headers, body),) = received
    assert Webhook(SECRET).verify(body, headers)
    assert "Delivered: 200" in page


def test_a_test_that_fails_says_why(chief: Client, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_WEBHOOKS = False
    row = make(address="https://127.0.0.1/hook")

    answer = chief.post(f"{LIST}{row.pk}/send-test/", follow=True)

    assert "Not delivered" in text_of(answer)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


def test_a_test_is_sent_by_the_button_only(chief: Client, reader: Client) -> None:
    url = f"{LIST}{make().pk}/send-test/"

    assert chief.get(url).status_code == 405
    assert reader.post(url).status_code == 403


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[dict[str, str], str]]]]:
    """A webhook on a free port that keeps what it is sent."""
    received: list[tuple[dict[str, str], str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the console."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", received
        finally:
            server.shutdown()
            thread.join()
