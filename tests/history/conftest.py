"""Tests of stored candles run on both databases, each a real one."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler, load_backend
from pytest_django import DjangoDbBlocker

from market.models import Candle, CandleGap, CandleSeries
from pricefeed.database import read_database_url
from tests.support.services import PostgresCluster


@pytest.fixture(scope="session")
def migrated_postgres(postgres_cluster: PostgresCluster, django_db_blocker: DjangoDbBlocker) -> Iterator[object]:
    """A connection to a PostgreSQL database with our tables."""
    handler = ConnectionHandler({"default": read_database_url(postgres_cluster.create_database())})
    settings = handler.settings["default"]
    wrapper = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
    before = connections["default"]
    with django_db_blocker.unblock():
        connections["default"] = wrapper
        try:
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            connections["default"] = before
        yield wrapper
        wrapper.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[str]:
    """The default database, empty of candles: SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        yield "sqlite"
        return
    wrapper = request.getfixturevalue("migrated_postgres")
    before = connections["default"]
    with request.getfixturevalue("django_db_blocker").unblock():
        connections["default"] = wrapper
        try:
            for model in (Candle, CandleGap, CandleSeries):
                model.objects.all().delete()
            yield "postgres"
        finally:
            connections["default"] = before
