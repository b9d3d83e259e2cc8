"""Deliver what waits in the outbox: each recipient by itself, so that one that hangs delays nobody."""

import logging
import random
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.utils import timezone, translation

from market import durable, outbox
from market.alert_text import alert_text
from market.core.viewer import alert_channel
from market.feed_guard import FeedGuard
from market.models import Alert, Delivery, Kind, Recipient, Severity
from market.notify import TRANSPORTS, NotDelivered, Receipt, Transport
from market.outbox import Attempt, Terms

log = logging.getLogger(__name__)

POLL_EVERY = 0.25  # seconds: a new alert waits so long at most
TIDY_EVERY = 60.0
LOG_EVERY = 60.0  # between two lines about a database that does not answer
THREADS = 32  # recipients at the same time
# One that takes longer is no longer ours alone: another process may try too.
LONGEST = 120.0


class Dispatcher:
    """Delivers until `stop()`. Any number of them, in any number of processes, share the work."""

    def __init__(
        self,
        *,
        terms: Terms | None = None,
        transports: Mapping[str, Callable[[], Transport]] = TRANSPORTS,
        guard: FeedGuard | None = None,
        threads: int = THREADS,
        now: Callable[[], datetime] = timezone.now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._terms = terms or Terms()
        self._transports = transports
        self._guard = guard or FeedGuard(now=now)
        self._threads = threads
        self._now = now
        self._chance = chance
        self._busy: dict[int, bool] = {}  # recipient -> whether it failed last time
        self._sending: dict[int, float] = {}  # delivery -> when it began, on the monotonic clock
        self._changed = threading.Condition()
        self._stopped = False  # no Event: setting one in a signal's callback can lock up
        self._renewed = self._tidied = time.monotonic()
        self._logged = float("-inf")

    def run(self, *, every: float = POLL_EVERY) -> None:
        """Until `stop()`. A database that does not answer is waited for."""
        try:
            while not self._stopped:
                if not self._try_step():
                    threading.Event().wait(every)
        finally:
            connection.close()

    def stop(self) -> None:
        """Begin nothing new. What is being sent goes on; see `wait_idle`."""
        self._stopped = True

    def wait_idle(self, within: float) -> bool:
        """Until nothing is being sent; False when that takes longer. The rest will be sent again by others."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, within)

    def step(self) -> bool:
        """Keep what is being sent, and begin with whom something is due; True when there was somebody."""
        self._keep()
        begun = [recipient for recipient, failures in outbox.due(self._now()) if self._begin(recipient, failures > 0)]
        return bool(begun)

    def _try_step(self) -> bool:
        try:
            return self.step()
        except DatabaseError as error:
            connection.close()  # the next question gets a new connection
            if time.monotonic() - self._logged >= LOG_EVERY:
                self._logged = time.monotonic()
                log.warning("alerts cannot be delivered, the database: %s", str(error).strip())
            return False

    def _keep(self) -> None:
        """Now and then: say that we are still at it, give up what is too old, and see whether the feed lives."""
        clock = time.monotonic()
        if clock - self._renewed >= self._terms.lease.total_seconds() / 3:
            self._renewed = clock
            taken = [pk for pk, began in list(self._sending.items()) if clock - began < LONGEST]
            if taken:
                outbox.renew(taken, now=self._now(), lease=self._terms.lease)
        if clock - self._tidied >= TIDY_EVERY:
            self._tidied = clock
            outbox.give_up_on_disabled(self._now())
        self._guard.look()

    def _begin(self, recipient: int, failing: bool) -> bool:
        """A thread for this recipient, if there is room. Those that fail get half of it: they may hang."""
        with self._changed:
            full = len(self._busy) >= self._threads
            failing_full = failing and sum(self._busy.values()) >= max(1, self._threads // 2)
            if recipient in self._busy or full or failing_full:
                return False
            self._busy[recipient] = failing
        # Daemons: a process that ends does not wait for a server that hangs.
        threading.Thread(target=self._deliver_to, args=[recipient], name=f"alerts-{recipient}", daemon=True).start()
        return True

    def _deliver_to(self, recipient: int) -> None:
        """All that is due, in order. Whatever goes wrong stays with this recipient."""
        try:
            while not self._stopped:
                delivery = outbox.take(recipient, now=self._now(), lease=self._terms.lease)
                if delivery is None:
                    break
                self._deliver(delivery)
        except DatabaseError as error:
            log.warning("recipient %s has to wait, the database: %s", recipient, str(error).strip())
        except Exception:
            log.exception("recipient %s has to wait", recipient)
        finally:
            connection.close()
            with self._changed:
                del self._busy[recipient]
                self._changed.notify_all()

    def _deliver(self, delivery: Delivery) -> None:
        self._sending[delivery.pk] = time.monotonic()
        try:
            attempt = self._attempt(delivery)
            self._note(delivery, attempt)
        finally:
            del self._sending[delivery.pk]

    def _note(self, delivery: Delivery, attempt: Attempt) -> None:
        with transaction.atomic():
            alert = outbox.note(delivery, attempt, now=self._now(), terms=self._terms, chance=self._chance())
            if alert is not None:
                # Web processes look for stored events every few seconds: staff see it on their pages too.
                durable.store(alert_channel(alert.audience, alert.owner_id), alert_text(alert))

    def _attempt(self, delivery: Delivery) -> Attempt:
        at, began = self._now(), time.monotonic()
        transport = self._transports[delivery.recipient.kind]()
        answer = tell(transport, delivery.alert, delivery.recipient, key=delivery.dedupe)
        duration_ms = round((time.monotonic() - began) * 1000)
        if isinstance(answer, Receipt):
            return Attempt(at, duration_ms, answer.status, answer.excerpt)
        return Attempt(
            at,
            duration_ms,
            answer.status,
            answer.excerpt,
            problem=str(answer),
            last=answer.permanent,
            few=answer.few,
            gone=answer.gone,
            retry_after=answer.retry_after,
        )


def tell(transport: Transport, alert: Alert, recipient: Recipient, *, key: str) -> Receipt | NotDelivered:
    """Send once. A fault of ours counts as a failed attempt: it must not come again and again at once."""
    if recipient.unreadable:
        return NotDelivered("SECRET_KEY or SALT_KEY changed: enter address and secret again")
    try:
        with translation.override(recipient.language or settings.LANGUAGE_CODE):
            return transport.send(alert, recipient, key=key)
    except NotDelivered as error:
        return error
    except Exception as error:
        # The places but not the message, which may have the address in it.
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("sending to %s failed with %s\n%s", recipient.name, type(error).__name__, places)
        return NotDelivered(f"a fault of ours: {type(error).__name__}")


def send_test(recipient: Recipient) -> str:
    """Send a test now; a sentence about how that went. Raises NotDelivered; takes some 15 s at most."""
    alert = Alert(kind=Kind.TEST, severity=Severity.INFO, exchange="", why="a test that staff sent", dedupe="test")
    key = f"test:{recipient.pk}:{time.time_ns()}"
    answer = tell(TRANSPORTS[recipient.kind](), alert, recipient, key=key)
    if isinstance(answer, NotDelivered):
        raise answer
    words = " ".join(filter(None, [str(answer.status or ""), answer.excerpt]))
    return f"Delivered: {words}" if words else "Delivered."
