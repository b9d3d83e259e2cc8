"""Whether alert rules changed since the last look: asked every second, so it costs little however many there are."""

from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection

# All that our code does to rules shows in the number of rows and the newest of them, which an index tells. Plain SQL
# may show in the sums alone: with 100,000 rules those take 30 ms, so they are asked for with every tenth look.
SKIPPED = 9
# Written out, as in symbol_print and for its reason.
_SHORT = "SELECT (SELECT COUNT(*) FROM market_alertrule), (SELECT MAX(updated_at) FROM market_alertrule)"
_WHOLE = "SELECT COUNT(*), MAX(updated_at), SUM(id), SUM(CASE WHEN enabled THEN id END) FROM market_alertrule"


@dataclass(frozen=True, slots=True)
class RulePrint:
    """Two that are equal are of the same rules. `newest` is a time as the database's driver has it; `ids` is the sum of

    all, `enabled` of those that are; None: no row.
    """

    rows: int
    newest: Any
    ids: int | None
    enabled: int | None
    skipped: int = field(default=0, compare=False)


def rule_print(before: RulePrint | None) -> RulePrint:
    """As of now; `before` is the one that it is compared with. Synchronous; database errors propagate."""
    with connection.cursor() as cursor:
        if before is not None and before.skipped < SKIPPED:
            cursor.execute(_SHORT)
            if cursor.fetchone() == (before.rows, before.newest):
                return replace(before, skipped=before.skipped + 1)
        cursor.execute(_WHOLE)
        return RulePrint(*cursor.fetchone())
