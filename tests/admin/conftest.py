"""An exchange that answers over a real socket, and the people who use the admin."""

import asyncio
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from market import relay
from market.models import WatchedSymbol
from market.simulator import Simulator

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SHIBUSDT", "币安人生USDT", "MATICUSDT", "POLUSDT")


@pytest.fixture
def exchange(settings: Settings) -> Iterator[Simulator]:
    """A simulated exchange with a loop of its own, which the settings point at. MATICUSDT does not trade there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    simulator = Simulator(symbols=SYMBOLS, rate=0)
    try:
        asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result(30)
        settings.BINANCE_REST_URL = simulator.rest_url
        yield simulator
        asyncio.run_coroutine_threadsafe(simulator.__aexit__(None, None, None), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def no_exchange(settings: Settings) -> None:
    """The settings point at a port where nobody answers."""
    settings.BINANCE_REST_URL = "http://127.0.0.1:9"


@pytest.fixture
def staff(db: None) -> Client:
    """Someone who may change symbols, logged in."""
    return _login("staff", "add_watchedsymbol", "change_watchedsymbol", "view_watchedsymbol")


@pytest.fixture
def reader(db: None) -> Client:
    """Staff who may look at symbols only."""
    return _login("reader", "view_watchedsymbol")


def _login(name: str, *permissions: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bitcoin(db: None) -> WatchedSymbol:
    return WatchedSymbol.objects.create(symbol="BTCUSDT", tick_size=Decimal("0.01"), status="TRADING")


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything."""
    user = User.objects.create_superuser("chief")
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def nothing_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own for each test: no price is known."""
    monkeypatch.setattr(relay, "_relays", [])
