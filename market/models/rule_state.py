"""Where a rule stands, for each symbol it speaks of."""

from typing import ClassVar

from django.db import models

from market.core.rule import Phase
from market.core.rule import RuleState as State
from market.models.alert_rule import AlertRule
from market.models.exact import ExactDecimalField
from market.models.symbol import WatchedSymbol


class RuleState(models.Model):
    """core.rule.RuleState as a row: where judging goes on after a restart. Times are ms since 1970, exchange time.

    Written by a conditional update on what it was: the number of rows settles who was first.
    """

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="states")
    watched = models.ForeignKey(WatchedSymbol, models.CASCADE, related_name="rule_states")
    version = models.PositiveIntegerField()
    phase = models.CharField(max_length=16, choices=[(phase.value, phase.value) for phase in Phase])
    holds = models.BooleanField(default=False)
    since_ms = models.BigIntegerField(default=0)
    fired_ms = models.BigIntegerField(null=True)
    fires = models.PositiveIntegerField(default=0)
    price = ExactDecimalField(max_digits=30, decimal_places=18, null=True)
    time_ms = models.BigIntegerField(default=0)
    trade_id = models.BigIntegerField(null=True)

    objects: ClassVar[models.Manager["RuleState"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "watched"], name="one_state_per_rule_and_symbol")]

    def __str__(self) -> str:
        return f"rule {self.rule_id} on {self.watched_id}: {self.phase}"

    @property
    def value(self) -> State:
        return State(
            version=self.version,
            phase=Phase(self.phase),
            holds=self.holds,
            since_ms=self.since_ms,
            fired_ms=self.fired_ms,
            fires=self.fires,
            price=self.price,
            time_ms=self.time_ms,
            trade_id=self.trade_id,
        )
