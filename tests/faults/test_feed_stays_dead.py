"""A feed that is killed and stays dead: `sendalerts` tells staff of it, and of its return."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from market.simulator import Simulator
from tests.support.feed_process import environment, feed_process
from tests.support.live import LiveProcess, run_command
from tests.support.services import RedisServer
from tests.support.webhook_receiver import WebhookReceiver

SILENCE = 8  # seconds; the feed gives a sign every five
DESK = "from tests.support.alert_rows import recipient; recipient(address={url!r}, tells_staff=True)"


async def test_staff_are_told_once_that_it_is_dead_and_once_that_it_is_back(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with Simulator(rate=5) as exchange, feed_process(redis_server, exchange, tmp_path) as feed:
        env = environment(redis_server, exchange, tmp_path) | {"ALLOW_PRIVATE_WEBHOOKS": "true"}
        with WebhookReceiver() as desk, ExitStack() as stack:
            await run("shell", "-v", "0", "-c", DESK.format(url=desk.url), env=env, folder=tmp_path)
            senders = [stack.enter_context(sender(env, tmp_path)) for _ in range(2)]
            await wait(senders[0], lambda: all("Delivering" in each.stdout for each in senders))
            await asyncio.sleep(SILENCE + 2)  # it lives all the while
            assert not desk.received

            await asyncio.to_thread(feed.kill)
            await wait(senders[0], lambda: desk.received)
            feed.start()
            await wait(senders[0], lambda: len(desk.received) > 1)
            codes = [await asyncio.to_thread(each.stop) for each in senders]

    dead, back = (received.data for received in desk.received)
    assert (dead["kind"], dead["severity"], back["kind"]) == ("feed", "critical", "feed")
    assert dead["text"].startswith("no prices of binance: the feed has given no sign of life since 20")
    assert back["text"] == "prices of binance are back"
    assert codes == [0, 0]


def sender(env: dict[str, str], folder: Path) -> LiveProcess:
    return LiveProcess("sendalerts", "--feed-silence", str(SILENCE), env=env, var_dir=folder)


async def run(*arguments: str, env: dict[str, str], folder: Path) -> None:
    await asyncio.to_thread(lambda: run_command(*arguments, env=env, var_dir=folder))


async def wait(process: LiveProcess, ready: Callable[[], object]) -> None:
    await asyncio.to_thread(process.wait_until, ready, what="sendalerts", deadline=60)
