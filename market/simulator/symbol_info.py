"""One entry of `GET /api/v3/exchangeInfo` (source: binance-spot-api-docs, rest-api.md)."""

from decimal import Decimal
from typing import Any

from market.simulator.instrument import Instrument

ORDER_TYPES = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
TRADE_PREVENTION = ("EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")


def symbol_info(instrument: Instrument, *, status: str) -> dict[str, Any]:
    """The symbol with its status, assets, precisions and filters."""
    return {
        "symbol": instrument.symbol,
        "status": status,
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ORDER_TYPES,
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": True,
        "isSpotTradingAllowed": status == "TRADING",
        "isMarginTradingAllowed": False,
        "filters": _filters(instrument),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": TRADE_PREVENTION,
    }


def _filters(instrument: Instrument) -> list[dict[str, Any]]:
    highest = instrument.price.scaleb(1).quantize(Decimal("1e-8"))
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": f"{instrument.tick:.8f}",
            "maxPrice": f"{highest:.8f}",
            "tickSize": f"{instrument.tick:.8f}",
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": f"{instrument.lot:.8f}",
            "maxQty": "9000000.00000000",
            "stepSize": f"{instrument.lot:.8f}",
        },
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "NOTIONAL",
            "minNotional": "5.00000000",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
    ]
