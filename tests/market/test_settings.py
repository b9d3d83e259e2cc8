"""Settings come from the environment, work with nothing set, and refuse nonsense."""

import runpy
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from environs import EnvValidationError

from tests.support.services import CHECKOUT

Settings = dict[str, Any]
SHARED = {"REDIS_URL": "redis://127.0.0.1/0", "DATABASE_URL": "postgres://u:p@127.0.0.1/prices"}


def read(monkeypatch: pytest.MonkeyPatch, folder: Path, **variables: str) -> Settings:
    """What pricefeed/settings.py says in an environment of just these variables."""
    for name in ("DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "LOG_LEVEL", *SHARED):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"VAR_DIR": str(folder), **variables}.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(CHECKOUT / "pricefeed" / "settings.py"))


def test_nothing_set_is_a_safe_installation_on_one_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = read(monkeypatch, tmp_path)

    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()]
    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "db.sqlite3")
    assert settings["CHANNEL_LAYERS"]["default"]["BACKEND"].endswith("InMemoryChannelLayer")
    apps = settings["INSTALLED_APPS"]
    assert apps.index("daphne") < apps.index("django.contrib.staticfiles")


def test_a_secret_key_is_made_once_and_only_its_owner_reads_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"

    first = read(monkeypatch, folder)["SECRET_KEY"]

    assert read(monkeypatch, folder)["SECRET_KEY"] == first
    assert len(first) > 50
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_a_given_secret_key_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert read(monkeypatch, tmp_path, SECRET_KEY="given")["SECRET_KEY"] == "given"
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize("name", SHARED)
def test_a_secret_key_is_required_once_processes_share(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY must be set"):
        read(monkeypatch, tmp_path, **{name: SHARED[name]})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("REDIS_URL", "http://127.0.0.1"),
        ("ALLOWED_ORIGINS", "prices.example"),
        ("ALLOWED_ORIGINS", "https://prices.example,https://prices.example/path"),
        ("ALLOWED_ORIGINS", "https://[bad"),
        ("CSRF_TRUSTED_ORIGINS", "prices.example"),
        ("TRUSTED_PROXIES", "10.0.0.300"),
        ("BINANCE_STREAM_URL", "https://stream.binance.com"),
        ("BINANCE_REST_URL", "ftp://api.binance.com"),
        ("PRICE_SOURCE", "invented"),
        ("FEED_STREAMS", "some"),
        ("CONFLATION_MS", "-1"),
        ("HEARTBEAT_SECONDS", "0"),
        ("MAX_SYMBOLS", "many"),
        ("CLIENT_MESSAGES_PER_SECOND", "0"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_nonsense_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(EnvValidationError, match=name):
        read(monkeypatch, tmp_path, **{"SECRET_KEY": "x", name: value})


@pytest.mark.parametrize("url", ["mysql://127.0.0.1/prices", "prices", "oracle://x"])
def test_an_unknown_database_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="only sqlite:// and postgres:// are supported"):
        read(monkeypatch, tmp_path, SECRET_KEY="x", DATABASE_URL=url)


def test_an_empty_address_of_redis_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = read(monkeypatch, tmp_path, SECRET_KEY="x", REDIS_URL="")

    assert settings["CHANNEL_LAYERS"]["default"]["BACKEND"] == "channels.layers.InMemoryChannelLayer"


def test_redis_carries_the_layer_and_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = read(monkeypatch, tmp_path, SECRET_KEY="x", REDIS_URL=SHARED["REDIS_URL"])

    assert settings["CHANNEL_LAYERS"]["default"]["BACKEND"].endswith("pubsub.RedisPubSubChannelLayer")
    assert settings["CACHES"]["default"]["LOCATION"] == SHARED["REDIS_URL"]


def test_postgres_connections_do_not_outlive_a_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    database = read(monkeypatch, tmp_path, SECRET_KEY="x", DATABASE_URL=SHARED["DATABASE_URL"])["DATABASES"]

    assert database["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert database["default"]["CONN_MAX_AGE"] == 0


def test_forwarded_https_is_believed_only_behind_a_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert read(monkeypatch, tmp_path)["SECURE_PROXY_SSL_HEADER"] is None
    behind = read(monkeypatch, tmp_path, BEHIND_TLS_PROXY="1")
    assert behind["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert behind["SESSION_COOKIE_SECURE"] is True


def test_keys_can_be_replaced_without_losing_what_they_encrypted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    alone = read(monkeypatch, tmp_path)
    keys = {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": "old,older", "SALT_KEY": "fresh,stale"}
    changed = read(monkeypatch, tmp_path, **keys)

    assert (alone["SECRET_KEY_FALLBACKS"], len(alone["SALT_KEY"])) == ([], 1)
    assert changed["SECRET_KEY_FALLBACKS"] == ["old", "older"]
    assert changed["SALT_KEY"] == ["fresh", "stale"]


def test_no_salt_at_all_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(EnvValidationError):
        read(monkeypatch, tmp_path, SALT_KEY="")
