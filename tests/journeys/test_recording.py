"""`--record` and `make demo REPLAY=` as people use them: recorded, killed, and played again."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from market.exchanges import recorded
from market.simulator import Recording
from tests.support.live import LiveProcess, LiveServer


def frames_in(folder: Path) -> int:
    return len(list(recorded.received(folder))) if any(folder.glob("*.gz")) else 0


def test_what_a_killed_server_recorded_is_played_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    with LiveServer("--demo", "--simulator-symbols", "3", "--record", str(folder), feed="live") as server:
        server.wait_until(lambda: frames_in(folder) > 30, what="some frames in the file")
        server.kill()
    recording = Recording(folder)
    recording.symbols()
    arguments = ("--demo", "--replay", str(folder), "--speed", "20", "--loop")

    with LiveServer(*arguments, feed="live", var_dir=tmp_path / "var") as server:

        def played() -> dict[str, datetime]:
            quotes = httpx.get(f"{server.url}/api/prices").json()["data"]
            replayed = [quote for quote in quotes if quote["source"] == "replay"]
            return {quote["symbol"]: datetime.fromisoformat(quote["timestamp"]) for quote in replayed}

        server.wait_until(lambda: set(played()) == set(recording.symbols()), what="the prices of all symbols")
        later = max(played().values()) + timedelta(seconds=recording.contents.seconds)
        server.wait_until(lambda: min(played().values()) > later, what="another round")

        assert server.status()["feed"] == "live"
        assert "REPLAY" in server.stdout
        assert "Traceback" not in server.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--no-feed", "--record", "x"), "--record goes with the feed"),
        (("--demo", "--loop"), "--loop goes with --replay"),
        (("--demo", "--replay", "."), "cannot replay: .: no recorded file"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    with LiveProcess("serve", "--port", "0", *arguments, var_dir=tmp_path / "var") as process:
        assert process.process.wait(60) == 1
        assert re.search(f"^CommandError: {re.escape(words)}", process.stderr, re.MULTILINE)
        assert "Traceback" not in process.stderr
