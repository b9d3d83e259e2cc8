"""Where rules stand, as rows. A state changes only from what a decision saw: the row count settles who was first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import OperationalError

from market import bulk_rows
from market.core.rule import Decision, Phase, RuleState
from market.models import RuleState as Row

FIELDS = ("version", "phase", "holds", "since_ms", "fired_ms", "fires", "price", "time_ms", "trade_id")
SEEN = ("version", "phase", "fires")  # what must not have changed since a state was read
AT_ONCE = 500  # ids in one question

Place = tuple[int, int]  # ids of the rule and of the watched symbol
Read = dict[Place, tuple[int, RuleState]]  # with the row's id


def state_of(row: Row) -> RuleState:
    """A row as the value that judging goes on from."""
    return RuleState(**{**{name: getattr(row, name) for name in FIELDS}, "phase": Phase(row.phase)})


def states_of(rules: Sequence[int]) -> Iterator[tuple[Place, RuleState]]:
    """What is persisted of these rules; where they are very many, of all rules, which takes a tenth of the time."""
    wanted = Row.objects.filter(rule_id__in=rules) if len(rules) <= AT_ONCE else Row.objects.all()
    rows = wanted.order_by().values_list("rule_id", "watched_id", *FIELDS)
    return (((rule, watched), _state(values)) for rule, watched, *values in rows)


def change_states(changes: Sequence[tuple[Decision, int]]) -> list[tuple[bool, RuleState | None]]:
    """Write these in their order, (decision, id of the watched symbol) each, in a few statements; in a transaction.

    A state becomes what was decided only from what the decision saw, or from that of an older rule. The answer for
    each: whether it did, and where the rule stood before.
    """
    places = {(decision.rule.id, watched_id) for decision, watched_id in changes}
    read = _locked(places)
    now: dict[Place, RuleState | None] = {place: read[place][1] if place in read else None for place in places}
    answers, changed = [], dict[Place, RuleState]()
    for decision, watched_id in changes:
        place = (decision.rule.id, watched_id)
        state = now[place]
        follows = state is None or _follows(state, decision)
        answers.append((follows, state))
        if follows:
            now[place] = changed[place] = decision.after
    _write(changed, read)
    return answers


def _follows(state: RuleState, decision: Decision) -> bool:
    before, after = decision.before, decision.after
    if before.phase is Phase.UNKNOWN:
        return state.version < after.version
    return all(getattr(state, name) == getattr(before, name) for name in SEEN)


def _locked(places: Iterable[Place]) -> Read:
    """Nobody else changes them until the transaction ends. In one order everywhere: nobody waits crosswise."""
    rules, symbols = {rule for rule, _ in places}, {watched for _, watched in places}
    rows = Row.objects.filter(rule_id__in=rules, watched_id__in=symbols).order_by("pk").select_for_update(no_key=True)
    found = rows.values_list("pk", "rule_id", "watched_id", *FIELDS)
    return {(rule, watched): (pk, _state(values)) for pk, rule, watched, *values in found}


def _state(values: Sequence[Any]) -> RuleState:
    version, phase, *others = values
    return RuleState(version, Phase(phase), *others)


def _write(changed: Mapping[Place, RuleState], read: Read) -> None:
    """A new row that somebody else has written meanwhile is an IntegrityError: the next try reads it."""
    new = [
        Row(rule_id=rule, watched_id=watched, **_fields(state))
        for (rule, watched), state in changed.items()
        if (rule, watched) not in read
    ]
    bulk_rows.insert(new)
    known = [(*read[place], state) for place, state in changed.items() if place in read]
    rows = [(pk, *_values(before, SEEN), *_values(after, FIELDS)) for pk, before, after in known]
    if missing := len(rows) - bulk_rows.update(Row, FIELDS, rows, seen=SEEN):
        raise OperationalError(f"{missing} states were changed meanwhile by somebody else")


def _values(state: RuleState, names: Iterable[str]) -> Iterator[Any]:
    return (getattr(state, name) for name in names)


def _fields(state: RuleState) -> dict[str, Any]:
    return {**{name: getattr(state, name) for name in FIELDS}, "phase": state.phase.value}
