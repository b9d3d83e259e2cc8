"""docker-compose.yml is what the Compose specification says, and the Dockerfile does what it needs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose

from tests.support.live import LiveProcess
from tests.support.readme import environment_names
from tests.support.services import CHECKOUT, RedisServer, find

COMPOSE = CHECKOUT / "docker-compose.yml"
DOCKERFILE = CHECKOUT / "Dockerfile"
GIVEN = {"SECRET_KEY": "a-key", "POSTGRES_PASSWORD": "apassword"}
OURS = ("web", "feed", "alerts", "migrate")


def interpolated(text: str, given: dict[str, str]) -> str:
    """`${NAME:-default}` and `${NAME:?message}` as Compose fills them in. Raises KeyError for the latter."""

    def value(match: re.Match[str]) -> str:
        name, operator, rest = match.groups()
        return given[name] if operator == ":?" else given.get(name) or rest

    return re.sub(r"\$\{(\w+)(:-|:\?)([^}]*)\}", value, text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed = PyCompose.from_yaml(interpolated(COMPOSE.read_text(), GIVEN))
    parsed.validate()
    parsed.to_spec()
    return parsed.to_dict()


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"nginx", "web", "feed", "alerts", "migrate", "redis", "postgres"}


@pytest.mark.parametrize("wrong", ["prots: [80]", "networks: [nowhere]", "restart: perhaps"])
def test_the_specification_would_notice(wrong: str) -> None:
    with pytest.raises(ValueError, match="web"):
        PyCompose.from_yaml(f"services:\n  web:\n    image: nginx\n    {wrong}\n").validate()


def test_two_web_processes_and_one_feed(compose: dict[str, Any]) -> None:
    replicas = {
        name: service["deploy"]["replicas"] for name, service in compose["services"].items() if "deploy" in service
    }

    assert replicas == {"web": 2}


def test_everything_that_stays_up_has_a_health_check(compose: dict[str, Any]) -> None:
    with_check = {name for name, service in compose["services"].items() if service["healthcheck"].get("test")}

    assert with_check == set(compose["services"]) - {"migrate"}


def test_secrets_have_no_default() -> None:
    for name in GIVEN:
        others = {other: value for other, value in GIVEN.items() if other != name}
        with pytest.raises(KeyError, match=name):
            interpolated(COMPOSE.read_text(), others)


def test_redis_and_postgres_cannot_be_reached_from_outside(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert [name for name, service in services.items() if service.get("ports")] == ["nginx"]
    assert compose["networks"]["data"]["internal"] is True
    for name in ("redis", "postgres"):
        assert list(services[name]["networks"]) == ["data"]


def test_every_variable_it_sets_is_a_setting(compose: dict[str, Any]) -> None:
    known = set(environment_names())

    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= known


def test_the_feed_is_healthy_while_it_speaks(compose: dict[str, Any], redis_server: RedisServer) -> None:
    check = compose["services"]["feed"]["healthcheck"]["test"][1:]
    given = {"REDIS_URL": redis_server.url, "SECRET_KEY": "a-key"}
    nowhere = {"BINANCE_STREAM_URL": "ws://127.0.0.1:9", "BINANCE_REST_URL": "http://127.0.0.1:9"}

    def healthy() -> bool:
        command = [sys.executable, *check[1:]]
        return subprocess.run(command, env={**os.environ, **given}, check=False).returncode == 0

    assert not healthy()
    with LiveProcess("runfeed", env={**given, **nowhere}) as feed:
        feed.wait_until(healthy, what="a heartbeat of the feed")


def test_docker_compose_takes_it() -> None:
    program = find("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")

    run = subprocess.run(
        [program, "-f", COMPOSE, "config", "--quiet"],
        env={"PATH": os.environ["PATH"], **GIVEN},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr


def test_the_image_is_pinned_and_does_not_run_as_root() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    bases = {line.split()[1] for line in lines if line.startswith("FROM")}
    users = [line.split()[1] for line in lines if line.startswith("USER")]

    assert bases == {"python:${PYTHON}"}
    assert any(re.fullmatch(r"ARG PYTHON=3\.\d+\.\d+-slim-\w+", line) for line in lines)
    assert users and users[-1] not in ("root", "0")


def copied_into_the_image() -> list[str]:
    return re.findall(r"^COPY (?!--)(\S+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)


def test_what_the_image_copies_is_in_the_build_context() -> None:
    context = (CHECKOUT / ".dockerignore").read_text().split()

    assert [f"!{place}" for place in copied_into_the_image() if f"!{place}" not in context] == []


def test_the_image_has_all_that_static_files_and_the_application_need(tmp_path: Path) -> None:
    for place in copied_into_the_image():
        source, copy = CHECKOUT / place, tmp_path / place
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    step = re.search(r"^RUN SECRET_KEY=\S+ python (manage.py collectstatic \S+)", DOCKERFILE.read_text(), re.MULTILINE)
    assert step is not None

    for command in (step[1].split(), ["manage.py", "check", "--deploy", "--fail-level", "ERROR"]):
        run = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "SECRET_KEY": "only-for-this-test"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr

    assert (tmp_path / "var/static/staticfiles.json").is_file()
