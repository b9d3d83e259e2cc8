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
 * @typedef {Connected | Status | Prices | Heartbeat | Symbols | Subscribed | Pong | Refusal} Message
 *
 * @typedef {{ exchange: string, symbol: string, base: string, quote: string, digits: number | null, position: number, halted: boolean }} Listing
 *   one symbol of the board, as `/api/symbols` tells it
 */
export {};
