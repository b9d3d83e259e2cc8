"""Who is behind a connection: the user of its session cookie.

The database is asked only where there is such a cookie, in one thread of our own, for all connections that wait at
the moment in two queries. Prices never wait for the answer.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import Error as DatabaseError
from django.http import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from market.core.viewer import NOBODY, Viewer
from market.json_error import Refused
from market.origin import own_page
from market.own_threads import OwnThreads

logger = logging.getLogger(__name__)

# Signed-in connections are looked at again this often (seconds): who signed out, or is staff no more, hears less.
REVIEW_EVERY = 60.0
RETRY = 1.0  # seconds before the database is asked again when it did not answer
ANSWER_WITHIN = 3.0  # seconds
LONGEST_KEY = 64  # characters of a session key; Django's have 32

_apart = OwnThreads(1, "viewer")


def session_of(scope: Mapping[str, Any]) -> str:
    """The session key of an ASGI `http` or `websocket` scope; empty: nobody signed in.

    The cookie of a page of another site counts as none, also where that site may read prices.
    """
    if not own_page(scope):
        return ""
    cookies = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"cookie"]
    key = parse_cookie("; ".join(cookies)).get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isascii() and key.isalnum() and len(key) <= LONGEST_KEY else ""


class Viewers:
    """Answers of one event loop, asked for in batches. Never raises: waits until the database answers."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Future[Viewer]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def of(self, session: str) -> Viewer:
        """Who is signed in with this session, as of now."""
        if not session:
            return NOBODY
        if session not in self._asked:
            self._asked[session] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._asked[session])

    async def at_once(self, session: str) -> Viewer:
        """The same for who waits for an answer. Raises Refused when the database does not give it soon."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self.of(session)
        except TimeoutError:
            raise Refused(503, "database_unavailable", "the database does not answer; try again") from None

    async def all_of(self, sessions: Collection[str]) -> Mapping[str, Viewer]:
        """The same for many; who is not in the answer is nobody any more."""
        return await _apart(read_viewers, frozenset(sessions))

    async def _ask(self) -> None:
        # Who asks while a batch is read waits for the next: an answer is never older than its question.
        while self._asked:
            asked, self._asked = self._asked, {}
            viewers = await self._answer(asked)
            for session, answer in asked.items():
                if not answer.done():
                    answer.set_result(viewers.get(session, NOBODY))
        self._asking = None

    async def _answer(self, sessions: Collection[str]) -> Mapping[str, Viewer]:
        while True:
            try:
                return await self.all_of(sessions)
            except DatabaseError as exc:
                logger.info("sessions cannot be read: %s", exc)
                await asyncio.sleep(RETRY)


def read_viewers(sessions: Collection[str]) -> Mapping[str, Viewer]:
    """Who is signed in with each of these session keys, by two queries; those who are not are left out.

    As `django.contrib.auth.get_user` has it: the session is not over, the user is active, the password the same.
    """
    rows = Session.objects.filter(session_key__in=sessions, expire_date__gt=timezone.now())
    signed = {row.session_key: row.get_decoded() for row in rows}
    ids = {session: _user_id(data) for session, data in signed.items()}
    users = get_user_model()._default_manager.in_bulk([number for number in ids.values() if number is not None])
    viewers = {}
    for session, data in signed.items():
        user = users.get(ids[session])
        if user is not None and user.is_active and _is_signed(data, user):
            viewers[session] = Viewer(user.pk, bool(getattr(user, "is_staff", False)), user.get_username())
    return viewers


def _user_id(data: Mapping[str, Any]) -> Any:
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    try:
        return get_user_model()._meta.pk.to_python(data.get(SESSION_KEY))
    except ValidationError:
        return None


def _is_signed(data: Mapping[str, Any], user: Any) -> bool:
    return constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
