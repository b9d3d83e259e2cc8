"""System checks refuse settings that fail only later."""

from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from market import checks

QUEUEING = "channels_redis.core.RedisChannelLayer"


def layer(*hosts: Any) -> dict[str, Any]:
    return {"default": {"BACKEND": QUEUEING, "CONFIG": {"hosts": list(hosts)}}}


def test_the_settings_as_they_are_pass() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.parametrize(
    "host",
    ["redis://127.0.0.1", ("127.0.0.1", 6379), {"address": "redis://127.0.0.1"}]
    + [{"address": "redis://127.0.0.1", "socket_timeout": 5}],
)
def test_the_queueing_layer_is_refused_where_idle_consumers_die(settings: Settings, host: Any) -> None:
    settings.CHANNEL_LAYERS = layer(host)

    assert [message.id for message in checks.check_channel_layer()] == ["market.E001"]


@pytest.mark.parametrize("seconds", [None, 10])
def test_the_queueing_layer_passes_with_patience(settings: Settings, seconds: int | None) -> None:
    settings.CHANNEL_LAYERS = layer({"address": "redis://127.0.0.1", "socket_timeout": seconds})

    assert checks.check_channel_layer() == []


@pytest.mark.parametrize(("age", "ids"), [(0, []), (60, ["market.E002"]), (None, ["market.E002"])])
def test_kept_connections_are_refused(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, age: int | None, ids: list[str]
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_MAX_AGE", age)

    assert [message.id for message in checks.check_connection_age()] == ids


def test_compression_of_streams_is_refused(settings: Settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.gzip.GZipMiddleware"]

    assert [message.id for message in checks.check_gzip()] == ["market.E003"]


@pytest.mark.parametrize(("installed", "ids"), [("3.13.0", []), ("3.9.1", ["market.E004"]), ("4.0", [])])
def test_an_old_asgiref_is_refused(monkeypatch: pytest.MonkeyPatch, installed: str, ids: list[str]) -> None:
    monkeypatch.setattr(checks, "version", lambda package: installed)

    assert [message.id for message in checks.check_asgiref()] == ids


def test_debug_on_a_public_host_is_told(settings: Settings) -> None:
    settings.DEBUG = True
    assert checks.check_debug() == []

    settings.ALLOWED_HOSTS = ["prices.example"]
    assert [message.id for message in checks.check_debug()] == ["market.W001"]


@pytest.mark.parametrize(
    ("version", "command", "ids"),
    [((3, 11), "runserver", ["market.W002"]), ((3, 12), "runserver", []), ((3, 11), "serve", [])],
)
def test_daphne_on_python_3_11_is_told(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], command: str, ids: list[str]
) -> None:
    monkeypatch.setattr("market.checks.sys.version_info", version)
    monkeypatch.setattr("market.checks.sys.argv", ["manage.py", command])

    assert [message.id for message in checks.check_python()] == ids
