"""What a reader may choose for the board: its fields, and what each of them may hold. Bad input raises BadField.

static/market/js/model/preferences.js has the same fields; what is left out is as the board is for everybody.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from market.core.request import BadField

MOST_SYMBOLS = 1024  # in one list
MOST_GROUPS = 20
LONGEST_NAME = 40  # of a group
LONGEST_SHOWN = 80  # of what says which group is shown: "all", "favourites", "quote:USDT", "own:Layer 1"

COLUMNS = (
    *("change_24h", "spark", "high_24h", "low_24h", "bid", "ask"),
    *("volume_24h", "quote_volume_24h", "at"),
)
DENSITIES = ("normal", "dense")
VIEWS = ("full", "compact")
RATES = (0, 4, 1, 0.2)  # updates per second and symbol; 0: each as it comes
SEVERITIES = ("info", "warning", "critical")
LOUDNESSES = ("quiet", "normal", "loud")

_KEY = re.compile(r"[a-z0-9_-]{1,32}:[^\s\x00-\x1f\x7f]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_choice(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are kept; a null is one that is not chosen any more. Raises BadField."""
    if unknown := sorted(set(fields) - set(_READERS)):
        raise BadField(f"there is no {unknown[0][:LONGEST_NAME]}; fields are {', '.join(_READERS)}")
    return {name: None if value is None else _READERS[name](name, value) for name, value in fields.items()}


def _one_of(choices: tuple[object, ...], name: str, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value not in choices:
        raise BadField(f"{name} is one of {', '.join(map(str, choices))}")
    return value


def _some_of(choices: tuple[str, ...], name: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each in choices for each in value):
        raise BadField(f"{name} is a list of some of {', '.join(choices)}")
    return list(dict.fromkeys(value))


def _keys(name: str, value: object) -> list[str]:
    """Names of rows, `exchange:SYMBOL`, without repeats."""
    if not isinstance(value, list) or len(value) > MOST_SYMBOLS:
        raise BadField(f"{name} is a list of at most {MOST_SYMBOLS} symbols")
    if not all(isinstance(each, str) and _KEY.fullmatch(each) for each in value):
        raise BadField(f"a symbol in {name} is exchange:SYMBOL")
    return list(dict.fromkeys(value))


def _groups(name: str, value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_GROUPS:
        raise BadField(f"{name} is a list of at most {MOST_GROUPS} groups")
    groups = [_group(each) for each in value]
    if len({group["name"] for group in groups}) < len(groups):
        raise BadField("two groups have the same name")
    return groups


def _group(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != {"name", "symbols"}:
        raise BadField('a group is {"name","symbols"}')
    return {"name": _text("the name of a group", value["name"], most=LONGEST_NAME), "symbols": _keys(*_named(value))}


def _named(group: Mapping[str, Any]) -> tuple[str, object]:
    return f"group {group['name']}", group["symbols"]


def _text(name: str, value: object, *, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= most or _CONTROL.search(value):
        raise BadField(f"{name} is a text of 1 to {most} characters")
    return value.strip()


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadField(f"{name} is true or false")
    return value


_READERS: Mapping[str, Callable[[str, Any], object]] = {
    "favourites": _keys,
    "order": _keys,
    "groups": _groups,
    "group": partial(_text, most=LONGEST_SHOWN),
    "hidden": partial(_some_of, COLUMNS),
    "density": partial(_one_of, DENSITIES),
    "view": partial(_one_of, VIEWS),
    "rate": partial(_one_of, RATES),
    "sound_from": partial(_one_of, SEVERITIES),
    "notes_from": partial(_one_of, SEVERITIES),
    "loudness": partial(_one_of, LOUDNESSES),
    "panel": _flag,
}
