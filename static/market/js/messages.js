/**
 * What the server says, as the page holds it. Types only; they mirror market/core/messages.py and wire.py,
 * and both sides are checked against tests/support/messages/*.json.
 *
 * Numbers of a quote are decimal text with the exact digits ("61828.02"), never an exponent: model/exact_json.js.
 *
 * @typedef {string} DecimalText
 * @typedef {"binance" | "simulator" | "replay" | "test"} Source
 * @typedef {"live" | "delayed" | "stale" | "down"} FeedState
 * @typedef {"price" | "change_24h" | "open_24h" | "high_24h" | "low_24h" | "volume_24h" | "quote_volume_24h" | "bid" | "ask"} NumberName
 *
 * @typedef {{ symbol: string, exchange: string, timestamp: string, source: Source } & Partial<Record<NumberName, DecimalText>>} Quote
 *
 * @typedef {{ type: "connected", protocol: number, heartbeat: number, timestamp: string }} Connected
 * @typedef {{ type: "status", feed: FeedState, source?: Source, reason?: string, halted?: string[], silent?: string[], timestamp?: string }} Status
 * @typedef {{ type: "snapshot" | "price_update", cursor: string, data: Quote[], timestamp?: string }} Prices
 * @typedef {{ type: "heartbeat", cursor?: string, timestamp?: string }} Heartbeat
 * @typedef {{ type: "symbols", added: string[], removed: string[] }} Symbols
 * @typedef {{ type: "subscribed", symbols: string[], unknown?: string[] }} Subscribed
 * @typedef {{ type: "pong", id?: number, timestamp?: string }} Pong
 * @typedef {{ type: "error", code: string, message: string }} Refusal
 * @typedef {"info" | "warning" | "critical"} Severity
 * @typedef {object} Alert a crossing that was decided; `timestamp` is the exchange's, `decided` ours
 * @property {number} id rises with each alert
 * @property {number | null} rule
 * @property {string} symbol "" for what concerns no single symbol
 * @property {string} exchange
 * @property {Severity} severity
 * @property {"price" | "feed" | "digest" | "recipient" | "test"} kind
 * @property {string} text a sentence
 * @property {DecimalText | null} [price]
 * @property {DecimalText | null} [previous_price]
 * @property {string} timestamp
 * @property {string} [decided]
 * @property {boolean} [late] it happened while nobody looked
 * @property {string} [source]
 * @property {number | null} [owner] the user whose rule it is
 * @property {boolean} acknowledged
 * @property {string | null} [snoozed_until]
 *
 * @typedef {{ type: "alert", alert: Alert, timestamp?: string }} AlertMessage
 * @typedef {{ type: "acked", alert: number, by?: string, acknowledged?: boolean, until?: string | null, timestamp?: string }} Acked
 * @typedef {{ type: "snoozed", alert: number, by?: string, acknowledged?: boolean, until?: string | null, timestamp?: string }} Snoozed
 * @typedef {{ type: "alerts_skipped", count: number, timestamp?: string }} Skipped so many older ones are in the list only
 * @typedef {{ type: "thresholds", changed: true, timestamp?: string }} RulesChanged those of rules that the reader may see
 * @typedef {AlertMessage | Acked | Snoozed | Skipped | RulesChanged} AlertNews
 *
 * @typedef {"1m" | "5m" | "15m" | "1h" | "4h" | "1d"} Interval
 * @typedef {object} Candle what was traded from `time` (ms since 1970) on; it changes until it is `closed`
 * @property {number} time
 * @property {DecimalText} open
 * @property {DecimalText} high
 * @property {DecimalText} low
 * @property {DecimalText} close
 * @property {DecimalText} volume
 * @property {DecimalText} quote_volume
 * @property {number} trades
 * @property {boolean} closed
 *
 * @typedef {{ type: "candle", symbol: string, exchange: string, interval: Interval, candle: Candle, timestamp?: string }} CandleNews
 *
 * @typedef {object} RuleLine one rule of a symbol, as `/api/thresholds` tells it
 * @property {number} id
 * @property {number} version
 * @property {"above" | "below" | "cross" | "change_above" | "change_below" | "moved" | "enters" | "leaves"} condition
 * @property {string} text
 * @property {Severity} severity
 * @property {DecimalText} threshold
 * @property {DecimalText | null} upper
 * @property {boolean} in_percent
 * @typedef {"threshold" | "upper"} End
 * @typedef {Partial<Record<End, DecimalText | null>>} Ends
 *
 * @typedef {Connected | Status | Prices | Heartbeat | Symbols | Subscribed | Pong | Refusal | AlertNews | CandleNews} Message
 *
 * @typedef {{ exchange: string, symbol: string, base: string, quote: string, digits: number | null, position: number, halted: boolean }} Listing
 *   one symbol of the board, as `/api/symbols` tells it
 */
export {};
