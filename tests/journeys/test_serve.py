"""`manage.py serve` as its user meets it: first start, restart, busy port, Ctrl-C, demonstration."""

import re
import signal
import socket
import stat
import time
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.live import LiveProcess, LiveServer, signed_in
from tests.support.services import recording, wait_until

LOGIN = re.compile(r"^Admin login, .*: (\S+) / (\S+)$", re.MULTILINE)
NO_EXCHANGE = {"BINANCE_STREAM_URL": "ws://127.0.0.1:9", "BINANCE_REST_URL": "http://127.0.0.1:9"}
STOPS_WITHIN = 5.0  # seconds


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VAR_DIR that is not used for the first time after its first use: starts are quicker."""
    return tmp_path_factory.mktemp("installed")


def test_a_newcomer_gets_prices_a_page_and_a_login_that_last(tmp_path: Path) -> None:
    with LiveServer("--demo", feed="live", var_dir=tmp_path / "var") as server:
        prices = httpx.get(f"{server.url}/api/prices").json()
        page = httpx.get(server.url)
        name, password = LOGIN.findall(server.stdout)[0]
        with signed_in(server, name, password) as client:
            admin = client.get("/admin/")
        assert server.stop(by=signal.SIGINT) == 0
    with LiveServer("--demo", var_dir=tmp_path / "var") as again, signed_in(again, name, password):
        assert not LOGIN.search(again.stdout)

    assert prices["source"] == "simulator"
    assert {"BTCUSDT", "FILUSDT"} <= {quote["symbol"] for quote in prices["data"]}
    assert page.status_code == 200 and "BTC" in page.text
    assert admin.status_code == 200
    assert f"http://127.0.0.1:{server.port}/" in server.stdout
    assert "Traceback" not in server.stderr
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_styles_and_scripts_come_under_hashed_names(installed: Path) -> None:
    with LiveServer("--no-feed", var_dir=installed) as server:
        page = httpx.get(server.url).text
        files = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page)
        answers = [httpx.get(server.url + file) for file in files]

    assert files and all(re.search(r"\.[0-9a-f]{12}\.(css|js)$", file) for file in files)
    assert {answer.status_code for answer in answers} == {200}
    assert all("immutable" in answer.headers["Cache-Control"] for answer in answers)


def test_a_busy_port_is_refused_in_one_line_before_anything_else(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with LiveProcess("serve", "--port", str(port), var_dir=tmp_path / "var") as process:
            code = process.process.wait(30)

            assert code == 1
            assert process.stderr == f"Cannot listen on 127.0.0.1:{port}: address already in use.\n"
            assert process.stdout == ""
    assert not (tmp_path / "var" / "db.sqlite3").exists()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_at_once_with_clients_connected(by: signal.Signals, installed: Path) -> None:
    with LiveServer("--demo", feed="live", var_dir=installed) as server:
        with (
            connect(f"{server.ws_url}/ws/prices") as ws,
            httpx.stream("GET", f"{server.url}/api/sse/prices", timeout=20) as ticks,
            httpx.stream("GET", f"{server.url}/events/", timeout=20) as events,
        ):
            ws.recv(timeout=20)
            tick_lines, event_lines = ticks.iter_lines(), events.iter_lines()
            next(tick_lines), next(event_lines)
            server.process.send_signal(by)
            began = time.monotonic()
            rest = list(tick_lines), list(event_lines)
            with pytest.raises(ConnectionClosed):
                while True:
                    ws.recv(timeout=20)
            code = server.process.wait(30)

        assert (code, time.monotonic() - began < STOPS_WITHIN) == (0, True)
        assert ws.protocol.close_rcvd is not None and ws.protocol.close_rcvd.code == 1012
        assert [any(line.startswith("retry: ") for line in lines) for lines in rest] == [True, True]
        assert "Traceback" not in server.stderr


def test_a_long_poll_is_answered_when_it_stops(installed: Path) -> None:
    with LiveServer("--no-feed", var_dir=installed) as server, httpx.Client(base_url=server.url, timeout=20) as client:
        cursor = client.get("/api/prices").json()["cursor"]
        with socket.create_connection(("127.0.0.1", server.port)) as poll:
            request = f"GET /api/prices?since={cursor}&wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            poll.sendall(request.encode())
            wait_until(lambda: server.status()["clients"]["poll"] == 1, what="the long poll")

            server.process.send_signal(signal.SIGINT)

            assert poll.recv(65536).startswith(b"HTTP/1.1 200")
            assert server.process.wait(30) == 0


def test_ctrl_c_during_the_start_is_no_error(tmp_path: Path) -> None:
    for pause in (0.3, 0.9):
        with LiveProcess("serve", "--port", "0", "--no-feed", var_dir=tmp_path / str(pause)) as process:
            with pytest.raises(TimeoutError):
                wait_until(lambda: False, what="the pause", deadline=pause)

            code = process.stop(by=signal.SIGTERM)

        # Before Python has read our command it knows no better.
        assert code in (0, -signal.SIGTERM)
        assert "Traceback" not in process_output(process)


def process_output(process: LiveProcess) -> str:
    return process.stdout + process.stderr


def test_where_the_exchange_cannot_be_reached_it_says_so_once(installed: Path) -> None:
    with LiveServer(env=NO_EXCHANGE, var_dir=installed) as server:
        server.wait_until(lambda: "make demo" in server.stdout, what="the reason")
        server.wait_until(lambda: server.status()["reason"], what="a reason in the status")

        said = [line for line in server.stdout.splitlines() if "make demo" in line]
        page = httpx.get(server.url)

    assert len(said) == 1 and said[0].startswith("No prices yet: ")
    assert page.status_code == 200
    assert "Traceback" not in server.stderr


def test_simulated_prices_stay_out_of_the_real_database(tmp_path: Path) -> None:
    with LiveServer("--demo", "--simulator-symbols", "3", feed="live", var_dir=tmp_path / "var") as server:
        symbols = server.status()["symbols"]

    assert symbols == 3
    assert (tmp_path / "var" / "demo-3.sqlite3").exists()
    assert not (tmp_path / "var" / "db.sqlite3").exists()


def test_a_recording_is_played_as_recorded(tmp_path: Path) -> None:
    file = recording("binance_spot_20240808_btc_eth_burst_10s.jsonl")

    with LiveServer("--demo", "--replay", str(file), "--speed", "5", feed="live", var_dir=tmp_path / "var") as server:
        server.wait_until(lambda: "The recording has ended" in server.stdout, what="the end", deadline=60)
        body = httpx.get(f"{server.url}/api/prices").json()

    assert {quote["symbol"] for quote in body["data"]} == {"BTCUSDT", "ETHUSDT"}
    assert {quote["source"] for quote in body["data"]} == {"replay"}
    assert body["data"][0]["timestamp"].startswith("2024-08-")


def test_it_serves_on_a_socket_that_a_supervisor_opened(installed: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        port, number = listener.getsockname()[1], listener.fileno()
        with LiveServer("--demo", "--fd", str(number), port=port, keep=(number,), var_dir=installed) as server:
            assert server.status()["symbols"] == 16


def test_a_database_that_does_not_answer_is_said_in_one_line(installed: Path) -> None:
    env = {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/nothing", "SECRET_KEY": "of-this-test-only"}
    with LiveProcess("serve", "--port", "0", env=env, var_dir=installed) as process:
        assert process.process.wait(30) == 1
        assert process.stderr.startswith("CommandError: the database does not answer: ")
        assert "Traceback" not in process.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--port", "70000"), ("--speed", "-1"), ("--speed", "nan"), ("--feed", "--no-feed"), ("--simulator-symbols", "0")],
)
def test_arguments_that_make_no_sense_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("serve", *arguments)


@pytest.mark.parametrize("arguments", [("--replay", "x"), ("--demo", "--no-feed"), ("--demo", "--replay", "missing")])
def test_options_that_contradict_each_other_are_refused(arguments: tuple[str, ...]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(CommandError):
            call_command("serve", "--port", "0", *arguments)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_cannot_be_replayed_is_refused_in_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("hello\n")
    with LiveProcess("serve", "--port", "0", "--demo", "--replay", str(empty)) as process:
        assert process.process.wait(30) == 1
        assert process.stderr.count("\n") == 1 and str(empty) in process.stderr
