"""The services that tests start are real, private and restartable."""

import psycopg
import pytest

from tests.support import services
from tests.support.services import RedisServer


def test_redis_comes_back_empty_on_the_same_port(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.set("colour", "green")
    redis_server.kill()

    redis_server.start()

    with redis_server.client() as client:
        assert client.get("colour") is None


def test_a_frozen_redis_answers_again_after_thawing(redis_server: RedisServer) -> None:
    redis_server.freeze()
    assert not redis_server.answers()

    redis_server.thaw()

    services.wait_until(redis_server.answers, what="redis-server after thawing")


def test_a_postgres_database_is_new_and_empty(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        tables = connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchall()

    assert tables == []


def test_a_missing_service_skips_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(services.PROGRAMS, "abacus", ("no-such-abacus",))
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)

    with pytest.raises(pytest.skip.Exception, match="abacus is not installed"):
        services.require("abacus")


def test_a_missing_service_fails_where_services_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(services.PROGRAMS, "abacus", ("no-such-abacus",))
    monkeypatch.setenv("REQUIRE_SERVICES", "1")

    with pytest.raises(pytest.fail.Exception, match="abacus is not installed"):
        services.require("abacus")
