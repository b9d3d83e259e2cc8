"""The text of each Binance stream payload, made from a walk. Prices and quantities are strings of 8 decimals.

Source of the fields: binance-spot-api-docs, web-socket-streams.md. Texts are written with format strings and
not with a JSON encoder because this is the hot loop and key order is part of what a recording shows.
"""

from functools import lru_cache

from market.simulator.candle import UNITS
from market.simulator.walk import Walk

DAY_MS = 86_400_000


def decimal8(value: int) -> str:
    """An integer in units of 1e-8 as Binance prints it: `9500000000000` is `95000.00000000`."""
    if value >= UNITS:  # cutting the digits is the fastest of six ways measured
        digits = str(value)
        return digits[:-8] + "." + digits[-8:]
    return f"0.{value:08d}" if value >= 0 else "-" + decimal8(-value)


# For numbers that often repeat from one message to the next.
repeated8 = lru_cache(maxsize=8192)(decimal8)


def percent3(change: int, base: int) -> str:
    """`change` as a percentage of `base` with 3 decimals, rounded half away from zero."""
    thousandths = (abs(change) * 200_000 + base) // (2 * base)
    sign = "-" if change < 0 and thousandths else ""
    return f"{sign}{thousandths // 1000}.{thousandths % 1000:03d}"


def ticker(walk: Walk, event_ms: int) -> str:
    """`{"e":"24hrTicker","E":..,"s":"BTCUSDT","p":..,"P":..,"w":..,"x":..,"c":..,"Q":..,"b":..,"B":..,...}`"""
    change = walk.price - walk.open
    closed = walk.close_ms
    return (
        f'{{"e":"24hrTicker","E":{max(event_ms, closed)},"s":"{walk.symbol}","p":"{decimal8(change)}",'
        f'"P":"{percent3(change, walk.open)}","w":"{decimal8(walk.quote_volume * UNITS // walk.volume)}",'
        f'"x":"{repeated8(walk.opened_before)}","c":"{decimal8(walk.price)}","Q":"{decimal8(walk.quantity)}",'
        f'"b":"{decimal8(walk.bid)}","B":"{decimal8(walk.bid_quantity)}",'
        f'"a":"{decimal8(walk.ask)}","A":"{decimal8(walk.ask_quantity)}",'
        f'"o":"{repeated8(walk.open)}","h":"{repeated8(walk.high)}","l":"{repeated8(walk.low)}",'
        f'"v":"{decimal8(walk.volume)}","q":"{decimal8(walk.quote_volume)}",'
        f'"O":{closed - DAY_MS},"C":{closed},"F":{walk.first_id},"L":{walk.last_id},'
        f'"n":{walk.last_id - walk.first_id + 1}}}'
    )


def mini_ticker(walk: Walk, event_ms: int) -> str:
    """`{"e":"24hrMiniTicker","E":..,"s":..,"c":..,"o":..,"h":..,"l":..,"v":..,"q":..}`, no percent."""
    return (
        f'{{"e":"24hrMiniTicker","E":{max(event_ms, walk.close_ms)},"s":"{walk.symbol}",'
        f'"c":"{decimal8(walk.price)}","o":"{repeated8(walk.open)}","h":"{repeated8(walk.high)}",'
        f'"l":"{repeated8(walk.low)}","v":"{decimal8(walk.volume)}","q":"{decimal8(walk.quote_volume)}"}}'
    )


def trade(walk: Walk, event_ms: int) -> str:
    """`{"e":"trade","E":..,"s":..,"t":<trade id>,"p":..,"q":..,"T":..,"m":<buyer is maker>,"M":true}`"""
    return (
        f'{{"e":"trade","E":{max(event_ms, walk.close_ms)},"s":"{walk.symbol}","t":{walk.last_id},'
        f'"p":"{decimal8(walk.price)}","q":"{decimal8(walk.quantity)}","T":{walk.close_ms},'
        f'"m":{"true" if walk.buyer_is_maker else "false"},"M":true}}'
    )


def agg_trade(walk: Walk, event_ms: int) -> str:
    """`{"e":"aggTrade","E":..,"s":..,"a":<id>,"p":..,"q":..,"f":..,"l":..,"T":..,"m":..,"M":true}`"""
    return (
        f'{{"e":"aggTrade","E":{max(event_ms, walk.close_ms)},"s":"{walk.symbol}","a":{walk.agg_id},'
        f'"p":"{decimal8(walk.price)}","q":"{decimal8(walk.quantity)}","f":{walk.last_id},"l":{walk.last_id},'
        f'"T":{walk.close_ms},"m":{"true" if walk.buyer_is_maker else "false"},"M":true}}'
    )


def book_ticker(walk: Walk) -> str:
    """`{"u":<update id>,"s":..,"b":..,"B":..,"a":..,"A":..}`: neither `e` nor `E`, as on Binance."""
    return (
        f'{{"u":{walk.update_id},"s":"{walk.symbol}","b":"{decimal8(walk.bid)}",'
        f'"B":"{decimal8(walk.bid_quantity)}","a":"{decimal8(walk.ask)}","A":"{decimal8(walk.ask_quantity)}"}}'
    )
