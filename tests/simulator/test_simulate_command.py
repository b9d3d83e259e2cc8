"""`manage.py simulate` as a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds; starting Django on a busy machine


async def started(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "manage.py",
        "simulate",
        *words,
        cwd=ROOT,
        env=os.environ | {"DEBUG": "1", "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def running(*words: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process and the REST URL it printed."""
    process = await started("--port", "0", *words)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        assert line.startswith("Exchange simulator: ws://127.0.0.1:"), line
        yield process, line.split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_prints_its_address_and_ends_cleanly(number: signal.Signals) -> None:
    async with running("--symbols", "3") as (process, url):
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            info = (await client.get("/api/v3/exchangeInfo")).json()
        process.send_signal(number)
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)

    assert len(info["symbols"]) == 3
    assert process.returncode == 0
    assert b"Traceback" not in errors


async def test_busy_port_gives_one_clear_line_and_exit_code_1() -> None:
    async with running() as (_, url):
        port = url.rpartition(":")[2]
        second = await started("--port", port)
        output, errors = await asyncio.wait_for(second.communicate(), PATIENCE)

    assert second.returncode == 1
    assert output == b""
    assert errors.decode().splitlines() == [f"CommandError: cannot listen on 127.0.0.1:{port}: address already in use"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--fault", "nope"], "unknown fault 'nope'"),
        (["--symbols", "btc/usdt"], "not a symbol: 'BTC/USDT'"),
        (["--replay", "missing.jsonl"], "No such file"),
        (["--replay", "missing.jsonl", "--symbols", "3"], "exclude each other"),
        (["--speed", "nan"], "not a number of 0 or more"),
        (["--port", "70000"], "not a port"),
    ],
)
def test_nonsense_is_refused_in_words(words: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("simulate", *words)
