"""A decision with what its alert says besides, and the rows that say it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from market.core.messages import StoredEvent
from market.core.rule import Decision, Frequency, Phase, RuleState
from market.models import Alert, Audience, Kind, Severity

LONGEST_TEXT = 300
AT_REST = (Phase.INACTIVE, Phase.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Finding:
    """A decision with what its alert says besides; all but the first two count only for one that fires.

    `words` is the rule's condition, `ticks` are the last [time_ms, price text] up to the decision, the oldest first.
    `withheld` says why there is no alert although it fires, `digest` names the digest it belongs into. `crossings` is
    more than one where several were put together because the database was away.
    """

    decision: Decision
    watched_id: int
    words: str = ""
    severity: str = Severity.WARNING
    audience: str = Audience.STAFF
    owner_id: int | None = None
    note: str = ""
    source: str = ""
    decided_at: datetime = field(default_factory=timezone.now)
    ticks: tuple[tuple[int, str], ...] = ()
    withheld: str = ""
    digest: str | None = None
    crossings: int = 1

    @property
    def name(self) -> str:
        """The identity of its alert, whoever decides and however often."""
        rule, after = self.decision.rule, self.decision.after
        return f"{rule.id}:{rule.version}:{rule.symbol}:{self.decision.time_ms}:{after.fires}"

    @property
    def digest_name(self) -> str | None:
        """The identity of the digest that it belongs into, if it does."""
        return None if self.digest is None else digest_names([self.digest])[0]

    @property
    def alerts(self) -> bool:
        return self.decision.fires and not self.withheld

    @property
    def resolves(self) -> bool:
        """Whether it ends what its rule alerted of before."""
        return self.decision.after.phase in AT_REST and self.decision.before.phase not in AT_REST

    @property
    def is_counted(self) -> bool:
        """Whether it crossed, and only the interval of the rule forbids an alert: its last one stands for this too."""
        before, after = self.decision.before.phase, self.decision.after.phase
        forbidden = self.decision.rule.frequency is Frequency.INTERVAL and not self.withheld
        return forbidden and not self.decision.fires and after is Phase.FIRING is not before

    @property
    def moment(self) -> datetime:
        """When the exchange said so."""
        return datetime.fromtimestamp(self.decision.time_ms / 1000, UTC)


@dataclass(slots=True)
class Written:
    """What came of a batch: events to publish, and the findings that somebody else was faster with.

    `lost` pairs each with what is persisted instead; None where the rule or its symbol is no more.
    """

    events: list[StoredEvent] = field(default_factory=list)
    lost: list[tuple[Finding, RuleState | None]] = field(default_factory=list)


def alert_of(finding: Finding) -> Alert:
    """Its alert, not yet written."""
    decision = finding.decision
    return Alert(
        **_shared_fields(finding),
        dedupe=finding.name,
        rule_id=decision.rule.id,
        rule_version=decision.rule.version,
        symbol=decision.rule.symbol,
        kind=Kind.PRICE,
        price=decision.price,
        previous_price=decision.previous,
        late=decision.late,
        why="\n".join(filter(None, (decision.why, finding.note))),
        ticks=[list(tick) for tick in finding.ticks],
    )


def digest_of(finding: Finding) -> Alert:
    """The digest that begins with it, not yet written. It has no rule: it speaks of several."""
    return Alert(
        **_shared_fields(finding),
        dedupe=finding.digest_name or "",
        kind=Kind.DIGEST,
        why="many symbols at once: put together, each is a row of its own",
    )


def digest_names(names: Iterable[str]) -> list[str]:
    return [f"digest:{name}" for name in names]


def _shared_fields(finding: Finding) -> dict[str, Any]:
    return {
        "exchange": finding.decision.rule.exchange,
        "rule_text": finding.words[:LONGEST_TEXT],
        "severity": finding.severity,
        "audience": finding.audience,
        "owner_id": finding.owner_id,
        "exchange_time": finding.moment,
        "decided_at": finding.decided_at,
        "source": finding.source,
        "count": finding.crossings,
    }
