"""Ticks, edits, drops, interruptions and restarts in any order: engine and oracle never part."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from market.core.quote import Quote
from market.core.rule import Phase, Rule
from tests.core.test_engine import CHANGES, DISTANCES, PRICES, SYMBOLS, Pair, rules
from tests.support.rules import NOON_MS


class Judging(RuleBasedStateMachine):
    """One exchange time for all symbols; rules are known by their newest version."""

    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair.start([])
        self.now = NOON_MS
        self.numbers = 0
        self.book: dict[int, Rule] = {}
        self.newest: dict[str, Quote] = {}

    @rule(target=known, data=st.data())
    def add(self, data: st.DataObject) -> int:
        self.numbers += 1
        self._take(data.draw(rules(number=self.numbers)))
        return self.numbers

    @rule(number=known, data=st.data())
    def edit(self, number: int, data: st.DataObject) -> None:
        edited = data.draw(rules(number=number))
        before = self.book[number]
        self._take(replace(edited, version=before.version + 1, symbol=before.symbol))

    @rule(number=known, rearm=DISTANCES)
    def resize(self, number: int, rearm: Decimal) -> None:
        self._take(replace(self.book[number], rearm=rearm))

    @rule(number=consumes(known))
    def drop(self, number: int) -> None:
        key = self.book.pop(number).key
        self.pair.engine.drop([key])
        self.pair.oracle.drop([key])

    @rule(price=PRICES, change=CHANGES, symbol=st.sampled_from(SYMBOLS), after=st.sampled_from([0, 0, 0, 1, 2, 6, 900]))
    def tick(self, price: Decimal, change: Decimal | None, symbol: str, after: int) -> None:
        self.now += after
        numbers = {"price": price} if change is None else {"price": price, "change_24h": change}
        quote = Quote("binance", symbol, "simulator", self.now, numbers)
        self.pair.judge(quote, self.newest.get(symbol))
        self.newest[symbol] = quote

    @rule()
    def interrupt(self) -> None:
        self.pair.engine.interrupt()
        self.pair.oracle.interrupt()

    @rule(away_ms=st.sampled_from([-5000, 0, 7]))
    def restart(self, away_ms: int) -> None:
        self.pair = Pair.start(self.book.values(), self.pair.persisted)
        self.newest.clear()
        self.now += away_ms

    @invariant()
    def the_engine_knows_every_rule_and_its_state(self) -> None:
        states = {rule.key: state for rule, state in self.pair.engine.states()}
        assert states == {key: watcher.state for key, watcher in self.pair.oracle.watchers.items()}
        assert all(state.holds is False for state in states.values() if state.phase is Phase.UNKNOWN)

    def _take(self, changed: Rule) -> None:
        self.book[changed.id] = changed
        self.pair.load([changed], whole=False)


Judging.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestJudging = Judging.TestCase
