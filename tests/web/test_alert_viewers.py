"""Who is behind a connection: asked only where a cookie is, all at once, and again and again."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from market.alert_lane import AlertReader
from market.cohort import Member, Wish
from market.core.dialect import WEBSOCKET
from market.core.framing import plain
from market.core.viewer import NOBODY, Viewer
from market.relay import Relay
from market.viewer import Viewers, read_viewers, session_of
from tests.support.reader import Reader

pytestmark = pytest.mark.django_db(transaction=True)


def login(name: str = "alice", **rights: Any) -> tuple[User, str]:
    """A user with the session key of its browser."""
    user = get_user_model().objects.create_user(name, **rights)
    client = Client()
    client.force_login(user)
    return user, client.cookies[settings.SESSION_COOKIE_NAME].value


def scope(cookie: str, **headers: str) -> dict[str, Any]:
    pairs = {"host": "localhost", "cookie": cookie, **headers}
    return {"scheme": "ws", "headers": [(name.encode(), value.encode()) for name, value in pairs.items()]}


def test_the_user_and_its_rights_are_known() -> None:
    alice, session = login()
    bob, other = login("bob", is_staff=True)

    assert read_viewers([session, other, "nosuchsession"]) == {
        session: Viewer(alice.pk, False, "alice"),
        other: Viewer(bob.pk, True, "bob"),
    }


def test_any_number_takes_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sessions = [login(f"user{number}")[1] for number in range(5)]

    with django_assert_num_queries(2):
        assert len(read_viewers(sessions)) == 5


@pytest.mark.parametrize("change", ["logout", "inactive", "password", "deleted"])
def test_who_is_not_signed_in_any_more_is_nobody(change: str) -> None:
    user, session = login()
    match change:
        case "logout":
            client = Client()
            client.cookies[settings.SESSION_COOKIE_NAME] = session
            client.logout()
        case "inactive":
            get_user_model().objects.update(is_active=False)
        case "password":
            user.set_password("another")
            user.save()
        case "deleted":
            user.delete()

    assert read_viewers([session]) == {}


@pytest.mark.parametrize("cookie", ["", "a=b", "sessionid=", "sessionid=../../x", "sessionid=" + "a" * 500, "\xff"])
async def test_without_a_session_the_database_is_not_asked(cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("market.viewer.read_viewers")

    assert await Viewers().of(session_of(scope(cookie))) == NOBODY


def test_the_cookie_counts_only_for_our_own_pages(settings: Any) -> None:
    settings.ALLOWED_ORIGINS = ["http://friend.example"]

    assert session_of(scope("sessionid=abc")) == "abc"
    assert session_of(scope("sessionid=abc", origin="http://localhost")) == "abc"
    assert session_of(scope("sessionid=abc", origin="http://friend.example")) == ""
    assert session_of(scope("sessionid=abc", origin="null")) == ""


async def test_a_database_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    _, session = await sync_to_async(login)()
    failures = [OperationalError("locked")]

    def fail_once(sessions: Any) -> Any:
        if failures:
            raise failures.pop()
        return read_viewers(sessions)

    monkeypatch.setattr("market.viewer.RETRY", 0.01)
    monkeypatch.setattr("market.viewer.read_viewers", fail_once)

    assert (await Viewers().of(session)).name == "alice"


async def test_a_connection_is_looked_at_again(relay: Relay) -> None:
    user, session = await sync_to_async(login)(is_staff=True)
    member = Member(relay.hub.audience, Reader(relay.hub), Wish(None, 0.0, WEBSOCKET, plain))
    relay.hub.audience.join(member, None)
    relay.follow_alerts(member, scope(f"sessionid={session}"), None)
    reader: AlertReader = member.alerts
    assert reader._task is not None
    await reader._task
    assert reader.viewer == Viewer(user.pk, True, "alice")

    await sync_to_async(get_user_model().objects.update)(is_staff=False)
    await relay.review_viewers()
    assert reader.viewer == Viewer(user.pk, False, "alice")

    await sync_to_async(user.delete)()
    await relay.review_viewers()
    assert reader.viewer == NOBODY
    member.lost()
