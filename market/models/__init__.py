"""Rows: what staff watch and want to hear of, what was decided, and whom it was sent to."""

from market.models.alert import Alert, AppendOnly, Kind
from market.models.alert_rule import DECIDING, AlertRule, Audience, RearmUnit, Severity
from market.models.candle import STORED, BackfillState, Candle, CandleGap, CandleSeries, GapReason
from market.models.delivery import Delivery, DeliveryAttempt, DeliveryState
from market.models.exact import ExactDecimalField
from market.models.feed_sign import FeedSign
from market.models.preference import BoardPreference
from market.models.price_window import PriceWindow
from market.models.recipient import Recipient, RecipientKind
from market.models.rule_state import RuleState
from market.models.symbol import (
    DEFAULT_EXCHANGE,
    INFO_FIELDS,
    LAST_POSITION,
    TRADING,
    DataStep,
    SymbolField,
    SymbolState,
    WatchedSymbol,
    WatchedSymbols,
    check_exchange,
    check_symbol,
    next_updated_at,
)

__all__ = [
    "DECIDING",
    "DEFAULT_EXCHANGE",
    "INFO_FIELDS",
    "LAST_POSITION",
    "STORED",
    "TRADING",
    "Alert",
    "AlertRule",
    "AppendOnly",
    "Audience",
    "BoardPreference",
    "BackfillState",
    "Candle",
    "CandleGap",
    "CandleSeries",
    "DataStep",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "ExactDecimalField",
    "FeedSign",
    "GapReason",
    "Kind",
    "PriceWindow",
    "RearmUnit",
    "Recipient",
    "RecipientKind",
    "RuleState",
    "Severity",
    "SymbolField",
    "SymbolState",
    "WatchedSymbol",
    "WatchedSymbols",
    "check_exchange",
    "check_symbol",
    "next_updated_at",
]
