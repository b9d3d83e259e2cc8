"""Where rules stand, as rows. A state changes only from what a decision saw: the row count settles who was first."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from market.core.rule import Decision, Phase, RuleState
from market.models import RuleState as Row

FIELDS = ("version", "phase", "holds", "since_ms", "fired_ms", "fires", "price", "time_ms")

Place = tuple[int, int]  # ids of the rule and of the watched symbol


def state_of(row: Row) -> RuleState:
    """A row as the value that judging goes on from."""
    return RuleState(**{**{name: getattr(row, name) for name in FIELDS}, "phase": Phase(row.phase)})


def persisted_state(rule_id: int, watched_id: int) -> RuleState | None:
    row = Row.objects.filter(rule_id=rule_id, watched_id=watched_id).first()
    return None if row is None else state_of(row)


def create_states(decisions: Iterable[tuple[Decision, int]]) -> set[Place]:
    """Rows for rules that only learned their side, very many at once; where that was all there is to do.

    A first tick that fires is not among them: it has to know whether its row is the one that was written.
    """
    first: dict[Place, RuleState] = {
        (decision.rule.id, watched_id): decision.after
        for decision, watched_id in decisions
        if decision.before.phase is Phase.UNKNOWN and not decision.fires
    }
    if not first:
        return set()
    known = Row.objects.filter(rule_id__in={rule for rule, _ in first}).values_list("rule_id", "watched_id")
    for place in known:
        first.pop(place, None)
    rows = [Row(rule_id=rule, watched_id=watched, **_fields(state)) for (rule, watched), state in first.items()]
    Row.objects.bulk_create(rows, ignore_conflicts=True)
    return first.keys() | set()


def change_state(decision: Decision, watched_id: int) -> bool:
    """Whether the state became what was decided: only from what the decision saw, or from that of an older rule."""
    before, after = decision.before, decision.after
    row = Row.objects.filter(rule_id=decision.rule.id, watched_id=watched_id)
    older = Q(version__lt=after.version)
    seen = Q(version=before.version, phase=before.phase.value, fires=before.fires)
    if row.filter(older if before.phase is Phase.UNKNOWN else seen).update(**_fields(after)):
        return True
    _, created = Row.objects.get_or_create(rule_id=decision.rule.id, watched_id=watched_id, defaults=_fields(after))
    return created


def _fields(state: RuleState) -> dict[str, Any]:
    return {**{name: getattr(state, name) for name in FIELDS}, "phase": state.phase.value}
