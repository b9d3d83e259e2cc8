"""`manage.py sendalerts` as a process: it delivers, it shares, it ends when told to, and it may be killed."""

import functools
import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.support.alert_rows import delivery, recipient
from tests.support.live import LiveProcess, LiveServer
from tests.support.mailbox import Mailbox
from tests.support.sending import Sending
from tests.support.services import wait_until
from tests.support.webhook_receiver import Answer, WebhookReceiver

RECIPIENTS = 6
SENDERS = 2
EACH = 40


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver(lambda _: Answer(hang=0.005)) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows."""
    folder = tmp_path_factory.mktemp("migrated")
    Sending(f"sqlite:///{folder / 'db.sqlite3'}", folder).migrate()
    return folder / "db.sqlite3"


@pytest.fixture
def sqlite_url(migrated: Path, tmp_path: Path) -> str:
    copy = shutil.copy(migrated, tmp_path / "db.sqlite3")
    return f"sqlite:///{copy}"


@pytest.fixture
def migrated_postgres_url(postgres_url: str, tmp_path: Path) -> str:
    Sending(postgres_url, tmp_path).migrate()
    return postgres_url


class Sender:
    """A process that may be killed and started again; `ready` once it delivers."""

    def __init__(self, process: LiveProcess) -> None:
        self.process = process
        self._starts = 0

    def start(self) -> None:
        self.process.start()
        self._starts += 1

    def ready(self) -> bool:
        return self.process.stdout.count("Delivering") == self._starts


def has_received(receiver: WebhookReceiver, count: int) -> bool:
    return len(receiver.received) >= count


def kill_while_sending(sending: Sending, receiver: WebhookReceiver, *, kills: int, each: int) -> None:
    """Kill a random sender at random points while they send; then let the others finish."""
    chance = random.Random(kills)
    keys = sending.add(*[("webhook", receiver.url)] * RECIPIENTS, each=each)
    senders = [Sender(sending.process()) for _ in range(SENDERS)]
    try:
        for sender in senders:
            sender.start()
        for _ in range(kills):
            wait_until(lambda: any(sender.ready() for sender in senders), what="a sender")
            wanted = min(len(receiver.received) + chance.randint(1, 2 * len(keys) // (3 * kills)), len(keys) - 1)
            wait_until(functools.partial(has_received, receiver, wanted), what="progress")
            threading.Event().wait(chance.uniform(0, 0.03))
            victim = chance.choice([sender for sender in senders if sender.ready()])
            victim.process.kill()
            victim.start()
        wait_until(lambda: sending.open() == 0, what="everything is delivered", deadline=90)
        wait_until(lambda: all(sender.ready() for sender in senders), what="all have started")
    finally:
        codes = [sender.process.stop() for sender in senders]
        said = [sender.process.stderr for sender in senders]
        for sender in senders:
            sender.process.__exit__()

    ids = [received.id for received in receiver.received]
    assert set(ids) == set(keys)
    assert sending.delivered() == len(keys)
    assert all(received.valid for received in receiver.received)
    # Whoever was killed had at most one in hand of each recipient.
    assert len(ids) - len(keys) <= kills * RECIPIENTS
    assert in_order(ids, keys)
    assert codes == [0] * SENDERS
    assert "Traceback" not in "".join(said)


def in_order(ids: list[str], keys: list[str]) -> bool:
    """Of each recipient, first arrivals come in the order of the alerts, and a repeat before anything newer."""
    places = {key: place for place, key in enumerate(keys)}
    for whose in {key.rpartition(":")[2] for key in keys}:
        mine = [places[each] for each in ids if each.rpartition(":")[2] == whose]
        if mine != sorted(mine):
            return False
    return True


def test_killed_again_and_again_on_sqlite_every_alert_arrives(
    receiver: WebhookReceiver, sqlite_url: str, tmp_path: Path
) -> None:
    kill_while_sending(Sending(sqlite_url, tmp_path), receiver, kills=5, each=EACH)


def test_killed_again_and_again_on_postgresql_every_alert_arrives(
    receiver: WebhookReceiver, migrated_postgres_url: str, tmp_path: Path
) -> None:
    kill_while_sending(Sending(migrated_postgres_url, tmp_path), receiver, kills=5, each=EACH)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["sqlite_url", "migrated_postgres_url"])
def test_killed_at_fifty_points_every_alert_arrives(
    receiver: WebhookReceiver, database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sending = Sending(request.getfixturevalue(database), tmp_path)

    kill_while_sending(sending, receiver, kills=50, each=500)


def test_mail_and_webhook_are_sent_within_a_second_and_sigterm_ends_it(
    receiver: WebhookReceiver, sqlite_url: str, tmp_path: Path
) -> None:
    with Mailbox() as mailbox:
        sending = Sending(sqlite_url, tmp_path, EMAIL_URL=mailbox.url, SITE_URL="https://prices.example")
        with sending.process() as process:
            process.wait_until(lambda: "Delivering" in process.stdout, what="a start")
            sending.add(("webhook", receiver.url), ("email", "desk@example.com"), each=1)
            added = time.monotonic()  # the process that added them has ended since, which takes longer
            process.wait_until(lambda: receiver.received and mailbox.mails, what="both", deadline=10)
            late = time.monotonic() - added

            assert process.stop(by=signal.SIGTERM) == 0
            assert process.stderr == ""
        assert late < 1
        assert receiver.received[0].valid
        assert mailbox.mails[0]["Message-ID"].endswith("@prices.example>")


def test_at_the_end_it_does_not_wait_for_one_that_hangs(
    receiver: WebhookReceiver, sqlite_url: str, tmp_path: Path
) -> None:
    receiver.answer = lambda _: Answer(hang=60)
    sending = Sending(sqlite_url, tmp_path)
    sending.add(("webhook", receiver.url), each=1)
    with sending.process() as process:
        process.wait_until(lambda: receiver.received, what="a request")
        began = time.monotonic()

        assert process.stop(by=signal.SIGINT) == 0
        assert time.monotonic() - began < 9
    assert sending.open() == 1


def test_serve_delivers_too(receiver: WebhookReceiver, sqlite_url: str, tmp_path: Path) -> None:
    sending = Sending(sqlite_url, tmp_path)
    sending.add(("webhook", receiver.url), each=2)
    nowhere = {"BINANCE_STREAM_URL": "ws://127.0.0.1:9", "BINANCE_REST_URL": "http://127.0.0.1:9"}

    with LiveServer(env={**sending.env, **nowhere}, var_dir=tmp_path) as server:
        server.wait_until(lambda: sending.delivered() == 2, what="delivered")

        assert server.stop() == 0
        assert "Traceback" not in server.stderr


@pytest.mark.django_db
def test_the_check_fails_when_nobody_sends(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sendalerts", "--check")
    assert "No alert waits." in capsys.readouterr().out

    delivery(recipient())  # due since NOON, long ago

    with pytest.raises(CommandError, match="1 delivery waits since .* no sendalerts runs"):
        call_command("sendalerts", "--check")
