"""`/ws/prices`: prices over a WebSocket (protocol 1).

The consumer speaks with its client; prices do not pass through it but go from the hub straight to the connection.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseError

from market import relay
from market.alert_desk import Settled, acknowledge, snooze
from market.cohort import Key, Member, Wish
from market.core.allowance import Allowance
from market.core.dialect import WEBSOCKET, ws_message
from market.core.framing import plain, ws_deflated_frame, ws_frame
from market.core.interval import Interval
from market.core.request import BadField, Request, read_interval, read_intervals, read_names, read_number, read_query
from market.core.viewer import Viewer
from market.json_error import Refused
from market.origin import allowed_origin
from market.outlet import EXTENSION, Outlet, TaskOutlet

logger = logging.getLogger(__name__)

# ASGI's callables; the stubs of Channels know no frames that bypass it.
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

LONGEST_MESSAGE = 4096  # bytes
ERRORS_ALLOWED = 10  # in a row; a client that goes on is closed

POLICY = 1008
TOO_BIG = 1009
FAILED = 1011
FORBIDDEN = 4403
NOT_FOUND = 4404


class PriceConsumer(AsyncWebsocketConsumer):
    """One client. What it may say: subscribe, unsubscribe, ping, ack, snooze; all else is answered with an error."""

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Without Channels' own loop: that one takes a channel of the layer and three tasks for each connection,

        and does not call `disconnect` when something raises.
        """
        self.scope, self.base_send = scope, send
        self._extensions: Mapping[str, Any] = scope.get("extensions") or {}
        self._member: Member | None = None
        self._errors = 0
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        except OSError as exc:
            logger.debug("client left while being answered: %s", exc)
        finally:
            self._leave()

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Without Channels' database hop before each message (its docstring says why it is there: we use none)."""
        match message["type"]:
            case "websocket.connect":
                await self.connect()
            case "websocket.receive":
                await self.receive(message.get("text"), message.get("bytes"))
            case "websocket.disconnect":
                raise StopConsumer

    async def connect(self) -> None:
        """Greet, or accept and close with a code: a refusal before that would reach browsers without one."""
        await self.accept()
        if not allowed_origin(self.scope):
            await self.end(FORBIDDEN, "this origin may not read prices")
            return
        running = relay.current()
        await running.ready()
        hub = running.hub
        try:
            query = dict(parse_qsl(self.scope["query_string"].decode("latin-1"), max_num_fields=20))
            request = read_query(query, most=settings.MAX_SYMBOLS)
        except (BadField, ValueError) as exc:
            await self.say_error(getattr(exc, "code", "bad_field"), str(exc))
            request = Request((), None, 0.0)
        keys, unknown = (None, []) if request.names is None else hub.names.resolve(request.names)
        outlet = self._outlet()
        self._allowance = Allowance(
            settings.CLIENT_MESSAGES_PER_SECOND, 2 * settings.CLIENT_MESSAGES_PER_SECOND, time.monotonic()
        )
        self._member = Member(hub.audience, outlet, Wish(keys, request.interval, WEBSOCKET, self._frame(outlet)))
        hub.audience.join(self._member, request.since)
        running.follow_alerts(self._member, self.scope, request.since_alert)
        running.follow_candles(self._member, request)
        if unknown:
            await self._say_subscribed(unknown)

    def _outlet(self) -> Outlet:
        offered: Outlet | None = self._extensions.get(EXTENSION)
        if offered is not None:
            return offered
        task = asyncio.current_task()
        assert task is not None
        return TaskOutlet(self._send_text, task.cancel)

    def _frame(self, outlet: Outlet) -> Callable[[bytes], bytes]:
        if isinstance(outlet, TaskOutlet):
            return plain
        return ws_deflated_frame if getattr(outlet, "deflates", False) else ws_frame

    async def _send_text(self, payload: bytes) -> None:
        message: Any = {"type": "websocket.send", "text": payload.decode()}
        await self.base_send(message)

    async def receive(self, text: str | None = None, data: bytes | None = None) -> None:
        """One message of the client."""
        if self._member is None:
            return
        if len(text or data or "") > LONGEST_MESSAGE:
            await self.end(TOO_BIG, "a message has at most 4096 bytes")
        elif not self._allowance.take(time.monotonic()):
            await self.say_error("rate_limited", "too many messages; wait a second")
        else:
            await self._answer(text)

    async def _answer(self, text: str | None) -> None:
        try:
            message = json.loads(text or "")
        except (ValueError, RecursionError):
            await self.say_error("bad_json", "a message is a JSON object in a text frame")
            return
        answers = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "ping": self._pong,
            "ack": self._ack,
            "snooze": self._snooze,
        }
        kind = message.get("type") if isinstance(message, dict) else None
        answer = answers.get(kind) if isinstance(kind, str) else None
        if answer is None:
            await self.say_error("unknown_type", f"type is one of {', '.join(answers)}")
            return
        try:
            await answer(message)
        except (BadField, Refused) as exc:
            await self.say_error(exc.code, str(exc))
        except DatabaseError as exc:
            logger.warning("a client's %s: the database does not answer: %s", kind, exc)
            await self.say_error("database_unavailable", "the database does not answer; try again")
        else:
            self._errors = 0

    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        member, hub = self._here(), relay.current().hub
        wish = member.wish
        interval = read_interval(message["max_rate"]) if "max_rate" in message else wish.interval
        candles = read_intervals(message["candles"]) if "candles" in message else ()
        unknown: list[str] = []
        fresh: frozenset[Key] | None
        found: frozenset[Key] | None
        if message.get("symbols") == "*":
            fresh, keys, found = hub.names.keys - self._keys(), None, None
        else:
            found, unknown = hub.names.resolve(read_names(message.get("symbols"), most=settings.MAX_SYMBOLS))
            fresh = found - self._keys()
            keys = None if wish.keys is None else wish.keys | found
            if keys is not None and len(keys) > settings.MAX_SYMBOLS:
                raise BadField(f"at most {settings.MAX_SYMBOLS} symbols in a subscription", "too_many_symbols")
        hub.audience.change(member, Wish(keys, interval, wish.dialect, wish.frame))
        member.candles.want(candles, found)
        await self._say_subscribed(unknown)
        if fresh:
            member.outlet.write(hub.audience.snapshot(Wish(fresh, 0.0, wish.dialect, wish.frame)))
        member.candles.tell(candles, found)

    async def _unsubscribe(self, message: Mapping[str, Any]) -> None:
        """With `candles` only these end, and prices go on; without it prices and all candles of the symbols."""
        member, hub = self._here(), relay.current().hub
        wish = member.wish
        candles = read_intervals(message["candles"]) if "candles" in message else tuple(Interval)
        found: frozenset[Key] | None = None
        unknown: list[str] = []
        if message.get("symbols") != "*":
            found, unknown = hub.names.resolve(read_names(message.get("symbols"), most=settings.MAX_SYMBOLS))
        member.candles.drop(candles, found, hub.names.keys)
        if "candles" not in message:
            keys = frozenset() if found is None else self._keys() - found
            hub.audience.change(member, Wish(keys, wish.interval, wish.dialect, wish.frame))
        await self._say_subscribed(unknown)

    async def _pong(self, message: Mapping[str, Any]) -> None:
        identifier = message.get("id")
        if not isinstance(identifier, int | str | None) or len(str(identifier)) > 64:
            raise BadField("id is a number or a short text")
        await self.say("pong", id=identifier)

    async def _ack(self, message: Mapping[str, Any]) -> None:
        number = read_number(message, "alert")
        await self._say_settled("acked", await acknowledge(number, await self._viewer()))

    async def _snooze(self, message: Mapping[str, Any]) -> None:
        number, minutes = read_number(message, "alert"), read_number(message, "minutes")
        await self._say_settled("snoozed", await snooze(number, await self._viewer(), minutes))

    async def _viewer(self) -> Viewer:
        """Who it is as of now: rights may have been taken away since the last look."""
        return await relay.current().viewers.at_once(self._here().alerts.session)

    async def _say_settled(self, kind: str, settled: Settled) -> None:
        """Everybody who may see the alert is told, and so is this client; only where nothing changed it alone."""
        text = await relay.current().settled(settled)
        if settled.event is None:
            await self._send_text(WEBSOCKET.news(kind, text.encode(), time.time_ns() // 1_000_000))

    async def _say_subscribed(self, unknown: list[str]) -> None:
        names = relay.current().hub.names
        wanted = self._keys()
        symbols = [names.name(key) for key in names.order if key in wanted]
        candles = self._here().candles.words(names.name)
        await self.say("subscribed", symbols=symbols, unknown=unknown, **({"candles": candles} if candles else {}))

    def _keys(self) -> frozenset[Key]:
        keys = self._here().wish.keys
        return relay.current().hub.names.keys if keys is None else keys

    def _here(self) -> Member:
        if self._member is None:
            raise StopConsumer
        return self._member

    async def say(self, kind: str, /, **fields: Any) -> None:
        await self._send_text(ws_message(kind, time.time_ns() // 1_000_000, **fields))

    async def say_error(self, code: str, message: str) -> None:
        """The protocol's error; the connection stays open unless the client goes on like that."""
        self._errors += 1
        if self._errors > ERRORS_ALLOWED:
            await self.end(POLICY, "too many errors")
        else:
            await self.say("error", code=code, message=message)

    async def end(self, code: int, reason: str) -> None:
        self._leave()
        await self.close(code, reason)

    def _leave(self) -> None:
        member, self._member = self._member, None
        if member is not None:
            member.lost()
            if isinstance(member.outlet, TaskOutlet):
                member.outlet.close()


class UnknownPath(AsyncWebsocketConsumer):
    """Any other WebSocket path: closed with a code instead of a traceback."""

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "websocket.connect":
            await self.accept()
            await self.close(NOT_FOUND, "no such path")
        elif message["type"] == "websocket.disconnect":
            raise StopConsumer

    channel_layer_alias = "none"
