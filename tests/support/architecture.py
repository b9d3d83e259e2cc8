"""The shape of the code, read from its syntax trees: rows, doors, names and sizes.

Every check takes source files and yields one sentence for each violation, so that a test can plant one.
The rules and their reasons: docs/architecture.md.
"""

import ast
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path


def _in_market(names: str) -> list[str]:
    return [f"market.{name}" for name in names.split()]


# Row 5 is two halves: one runs in the feed process, one in web processes.
FEED_FILES = _in_market(
    "feed feed_options rerun flush journal control listings judge decisions"
    " candles candle_pace candle_writer backfill loader clock_watch feed_hops feed_metrics"
)
WEB_FILES = _in_market(
    "relay hub audience cohort outlet feed_watch watched_names consumers sse api views endpoint round_trip"
    " viewer alert_lane alert_desk alert_poll alert_api ack_page"
    " alert_views alert_list alert_timeline alert_summary tick_chart threshold_book threshold_mark sparks"
    " preference_api install page_modules look words web_hops web_metrics metrics_page status_views"
    " status_page status_chart candle_lane candle_reader candle_rows candle_api"
    " threshold_api symbol_views symbol_page dry_run recorded_ticks"
)
DELIVERY_FILES = _in_market("dispatch feed_guard notify")
# A module imports from its own row or a lower one. The longest matching name decides.
ROWS = {
    1: _in_market("core"),
    2: _in_market("exchanges simulator"),
    3: _in_market(
        "models migrations json_error origin long_responses alert_text rule_states finding bulk_rows price_windows"
        " phrases zone own_threads rule_print symbol_print"
    ),
    4: _in_market(
        "ack_link publish latest history alerting crossings durable watchlist seen defaults verify audit outbox"
        " rule_limits standing rulebook hops metrics"
    ),
    5: FEED_FILES + WEB_FILES + DELIVERY_FILES,
    6: _in_market(
        "management admin templatetags broadcast newest recipient_form rule_form symbol_form routing urls checks apps"
    )
    + ["manage", "pricefeed"],
}
ROW_OF = {name: row for row, names in ROWS.items() for name in names}

# Outside thing -> the modules that may import it.
DOORS = {
    "websockets": ["market.exchanges.connection", "market.simulator", "pricefeed.server"],
    "channels.layers": ["market.publish", "market.relay", "market.control"],
    "channels_redis": [],
    "django_eventstream": ["market.durable"],
    "httpx": ["market.exchanges.rest", "market.notify"],
    "prometheus_client": ["market.metrics"],
    "apprise": ["market.notify"],
    "standardwebhooks": ["market.notify"],
    "django.core.mail": ["market.notify"],
    "uvicorn": ["pricefeed.server", "market.management"],
}
# Words need no clock, no loop and no log.
NOT_IN_CORE = {"asyncio", "logging", "time", "threading", "socket", "random", "os"}
NOT_BELOW_MODELS = ("django", "channels", "asgiref", "pricefeed")
PRICE_CODE = ("market.core", "market.exchanges.binance", "market.exchanges.base", "market.exchanges.fields")
NOT_PRICES = {"market.core.request"}  # reads a client's max_rate
FOREIGN_NAMES = {"handle_connect"}  # uvicorn's, overridden in pricefeed/server.py
BAD_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "services",
    "service",
    "manager",
    "managers",
    "common",
    "misc",
}

FILE_LINES, FUNCTION_LINES, TEST_FUNCTION_LINES = 300, 40, 60


@dataclass(frozen=True)
class Source:
    """One Python file under `root`; `module` is its dotted name."""

    root: Path
    path: Path

    @property
    def place(self) -> str:
        return str(self.path.relative_to(self.root))

    @property
    def module(self) -> str:
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text, filename=self.place)))

    @cached_property
    def imports(self) -> list[str]:
        """Full names of all imports, wherever they stand: for `from a import b` both `a` and `a.b`."""
        names = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        return names

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.module.split(".") if self.path.name == "__init__.py" else self.module.split(".")[:-1]
        base = package[: len(package) - node.level + 1]
        return ".".join([*base, node.module] if node.module else base)


def sources(root: Path, *tops: str) -> list[Source]:
    """Python files of the named files and folders below `root`."""
    files = [file for top in tops for file in ([root / top] if top.endswith(".py") else (root / top).rglob("*.py"))]
    return [Source(root, file) for file in sorted(files) if file.is_file()]


def within(module: str, name: str) -> bool:
    return module == name or module.startswith(f"{name}.")


def owner(module: str, names: Iterable[str]) -> str | None:
    """The longest of `names` that the module is, or lies in."""
    return max((name for name in names if within(module, name)), key=len, default=None)


def row(module: str) -> int | None:
    name = owner(module, ROW_OF)
    return None if name is None else ROW_OF[name]


def without_a_row(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if file.module != "market" and row(file.module) is None:
            yield f"{file.place}: has no row; add {file.module} to ROWS in tests/support/architecture.py"


def upward_imports(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        for name in file.imports:
            below, above = row(file.module), row(name)
            if below is not None and above is not None and above > below:
                yield f"{file.place}: row {below} imports {name} of row {above}"


def sideways_imports(files: Iterable[Source]) -> Iterator[str]:
    """Row 4 modules do not know each other; feed files and web files do not know each other."""
    for file in files:
        for name in file.imports:
            ours, theirs = owner(file.module, ROW_OF), owner(name, ROW_OF)
            if ours == theirs or ours is None or theirs is None:
                continue
            if row(file.module) == row(name) == 4:
                yield f"{file.place}: imports {name}; modules of row 4 do not know each other"
            if {ours, theirs} & set(FEED_FILES) and {ours, theirs} & set(WEB_FILES):
                yield f"{file.place}: imports {name}; the feed and the web meet in market.core.messages only"


def wrong_doors(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        for thing, doors in DOORS.items():
            used = [name for name in file.imports if within(name, thing)]
            if used and owner(file.module, doors) is None:
                yield f"{file.place}: imports {used[0]}; its door is {' or '.join(doors) or 'closed'}"


def foreign_in_core(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if not within(file.module, "market.core"):
            continue
        for name in file.imports:
            top = name.partition(".")[0]
            if top != "market" and (top not in sys.stdlib_module_names or top in NOT_IN_CORE):
                yield f"{file.place}: imports {name}; core is words: no clock, no I/O, no framework"


def django_below_models(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if row(file.module) in (1, 2):
            for name in file.imports:
                if any(within(name, thing) for thing in NOT_BELOW_MODELS):
                    yield f"{file.place}: imports {name}; rows 1 and 2 know no Django"


def floats_for_prices(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if owner(file.module, PRICE_CODE) is None or file.module in NOT_PRICES:
            continue
        for node in file.nodes:
            if not isinstance(node, ast.Call) or ast.unparse(node.func) != "float":
                continue
            if "inf" not in ast.unparse(node):  # float("inf") is a time without end, not a price
                yield f"{file.place}:{node.lineno}: float() where prices are; they are Decimal"


def forbidden_calls(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        for node in file.nodes:
            if isinstance(node, ast.Call) and "async_to_sync" in ast.unparse(node.func):
                if any("group_send" in ast.unparse(argument) for argument in node.args):
                    yield f"{file.place}:{node.lineno}: async_to_sync(group_send) blocks a thread"
            elif isinstance(node, ast.ExceptHandler) and node.type is None:
                yield f"{file.place}:{node.lineno}: a bare except hides faults"
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep":
                yield f"{file.place}:{node.lineno}: time.sleep stops everything else"


def bad_names(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if BAD_NAMES & set(file.module.split(".")):
            yield f"{file.place}: a name that says nothing"
        for node in functions(file):
            if node.name.startswith("handle_") and node.name not in FOREIGN_NAMES:
                yield f"{file.place}:{node.lineno}: {node.name} does not say what it does"


def unfinished(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        for token in tokenize.generate_tokens(StringIO(file.text).readline):
            if token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME|XXX)\b", token.string):
                yield f"{file.place}:{token.start[0]}: unfinished: {token.string}"


def too_long(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        lines = len(file.text.splitlines())
        if lines > FILE_LINES and not within(file.module, "market.migrations"):  # those are generated
            yield f"{file.place}: {lines} lines, more than {FILE_LINES}"
        limit = TEST_FUNCTION_LINES if within(file.module, "tests") else FUNCTION_LINES
        for node in functions(file):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > limit:
                yield f"{file.place}:{node.lineno}: {node.name} has {length} lines, more than {limit}"


def functions(file: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
