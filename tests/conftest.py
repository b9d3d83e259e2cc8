"""Fixtures for every test: the services of this machine, private and real."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.services import PostgresCluster, RedisServer, require

# How long an example takes says more of what else runs on this machine than of us.
settings.register_profile("pricefeed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pricefeed")


@pytest.fixture(scope="session", autouse=True)
def no_database_stays_behind() -> Iterator[None]:
    """Django removes the file of its test database, not the two that SQLite keeps beside it while it is open."""
    yield
    for path in Path(tempfile.gettempdir()).glob(f"pricefeed-test-{os.getpid()}.sqlite3*"):
        path.unlink()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A redis-server of the test's own, which it may kill, freeze and start again."""
    with RedisServer(require("redis-server")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """One private PostgreSQL cluster for the whole run; take `postgres_url` for a database of your own."""
    with PostgresCluster(require("postgres")) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster) -> str:
    """`DATABASE_URL` of a new, empty database."""
    return postgres_cluster.create_database()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The installed browser, for Playwright's `executable_path`."""
    return require("chromium")


@pytest.fixture(scope="session")
def node() -> Path:
    return require("node")
