"""The rows and doors of docs/architecture.md hold, and the checks that say so would notice."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.support import architecture
from tests.support.architecture import Source, sources

CHECKOUT = Path(__file__).resolve().parents[1]
Check = Callable[[Iterable[Source]], Iterator[str]]

OF_THE_APPLICATION: list[Check] = [
    architecture.without_a_row,
    architecture.upward_imports,
    architecture.sideways_imports,
    architecture.wrong_doors,
    architecture.foreign_in_core,
    architecture.django_below_models,
    architecture.floats_for_prices,
    architecture.forbidden_calls,
    architecture.bad_names,
]
OF_EVERYTHING: list[Check] = [architecture.too_long, architecture.unfinished]

# What is planted -> where, and a word of the sentence that has to come of it.
VIOLATIONS = [
    (architecture.without_a_row, "market/gadget.py", "", "has no row"),
    (
        architecture.upward_imports,
        "market/core/quote.py",
        "from market import hub",
        "row 1 imports market.hub",
    ),
    (
        architecture.upward_imports,
        "market/exchanges/rest.py",
        "from ..models import WatchedSymbol",
        "of row 3",
    ),
    (architecture.upward_imports, "market/hub.py", "def late():\n    import pricefeed.settings", "of row 6"),
    (architecture.sideways_imports, "market/publish.py", "from market import watchlist", "row 4"),
    (architecture.sideways_imports, "market/feed.py", "from market.hub import Hub", "the feed and the web"),
    (architecture.sideways_imports, "market/views.py", "import market.feed", "the feed and the web"),
    (architecture.wrong_doors, "market/hub.py", "import websockets.asyncio.client", "its door is"),
    (architecture.wrong_doors, "market/hub.py", "from channels import layers", "its door is market.publish"),
    (
        architecture.wrong_doors,
        "market/views.py",
        "from django_eventstream import send_event",
        "market.durable",
    ),
    (architecture.wrong_doors, "market/exchanges/binance.py", "import httpx", "market.exchanges.rest"),
    (architecture.foreign_in_core, "market/core/quote.py", "import orjson", "core is words"),
    (architecture.foreign_in_core, "market/core/quote.py", "from time import time", "core is words"),
    (
        architecture.django_below_models,
        "market/simulator/walk.py",
        "from django.conf import settings",
        "no Django",
    ),
    (architecture.floats_for_prices, "market/exchanges/binance.py", "price = float('1.5')", "Decimal"),
    (
        architecture.forbidden_calls,
        "market/admin.py",
        "async_to_sync(layer.group_send)('a', {})",
        "group_send",
    ),
    (architecture.forbidden_calls, "market/admin.py", "try:\n    pass\nexcept:\n    pass", "bare except"),
    (architecture.forbidden_calls, "market/feed.py", "import time\ntime.sleep(1)", "time.sleep"),
    (architecture.bad_names, "market/exchanges/utils.py", "", "says nothing"),
    (architecture.bad_names, "market/hub.py", "def handle_message(): ...", "does not say"),
    (architecture.too_long, "market/hub.py", "quote = 1\n" * 301, "301 lines"),
    (architecture.too_long, "market/hub.py", "def long():\n" + "    quote = 1\n" * 40, "41 lines"),
    (architecture.unfinished, "market/hub.py", "quote = 1  # TODO: later", "unfinished"),
]


@pytest.mark.parametrize("check", OF_THE_APPLICATION, ids=lambda check: str(check.__name__))
def test_the_application_has_no(check: Check) -> None:
    found = list(check(sources(CHECKOUT, "market", "pricefeed", "manage.py")))

    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("check", OF_EVERYTHING, ids=lambda check: str(check.__name__))
def test_no_source_is(check: Check) -> None:
    found = list(check(sources(CHECKOUT, "market", "pricefeed", "manage.py", "tests", "benchmarks")))

    assert not found, "\n" + "\n".join(found)


def test_there_is_something_to_check() -> None:
    modules = {file.module for file in sources(CHECKOUT, "market", "pricefeed", "manage.py")}

    assert {"manage", "market.core.quote", "pricefeed.settings"} <= modules


@pytest.mark.parametrize(("check", "place", "text", "sentence"), VIOLATIONS)
def test_a_planted_violation_is_noticed(tmp_path: Path, check: Check, place: str, text: str, sentence: str) -> None:
    planted = tmp_path / place
    planted.parent.mkdir(parents=True)
    planted.write_text(text)

    found = list(check(sources(tmp_path, "market")))

    assert len(found) >= 1
    assert sentence in found[0]


def test_imports_that_are_allowed_pass(tmp_path: Path) -> None:
    planted = tmp_path / "market/relay.py"
    planted.parent.mkdir()
    planted.write_text("from channels.layers import get_channel_layer\nfrom . import hub\nfrom .core import quote")

    files = sources(tmp_path, "market")

    assert [sentence for check in OF_THE_APPLICATION for sentence in check(files)] == []
