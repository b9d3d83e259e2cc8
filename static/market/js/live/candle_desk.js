/**
 * Stored candles of one symbol, asked of the server; and the alerts that fired on it.
 *
 * @import { Alert, Candle, Interval } from "../messages.js"
 *
 * @typedef {object} Chapter candles in the order of time
 * @property {Candle[]} candles
 * @property {boolean} complete nothing that is missing between them is still to come
 * @property {string} source
 */
import { parse } from "../model/exact_json.js";

const PATIENCE = 8000; // ms
const MARKED = 500; // alerts

export class CandleDesk {
    #candlesUrl;
    #alertsUrl;
    #name;
    #symbol;

    /**
     * @param {{ candles: URL, alerts: URL }} urls
     * @param {{ exchange: string, symbol: string }} named
     */
    constructor({ candles, alerts }, { exchange, symbol }) {
        this.#candlesUrl = candles;
        this.#alertsUrl = alerts;
        this.#name = `${exchange}:${symbol}`;
        this.#symbol = symbol;
    }

    /**
     * The newest candles, or the newest before `to` (ms since 1970). Throws what fetch throws, and an Error when the
     * server refuses.
     * @param {Interval} interval
     * @param {{ limit: number, to?: number, signal: AbortSignal }} range
     * @returns {Promise<Chapter>}
     */
    async read(interval, { limit, to, signal }) {
        const address = new URL(this.#candlesUrl);
        const words = { symbol: this.#name, interval, limit: String(limit), ...(to === undefined ? {} : { to: String(to) }) };
        for (const [name, value] of Object.entries(words)) address.searchParams.set(name, value);
        const { data, complete, source } = parse(await text(address, signal));
        return { candles: data, complete, source };
    }

    /**
     * The newest alerts of the symbol that this reader may see.
     * @param {AbortSignal} signal
     * @returns {Promise<Alert[]>}
     */
    async alerts(signal) {
        const address = new URL(this.#alertsUrl);
        address.searchParams.set("symbol", this.#symbol);
        address.searchParams.set("limit", String(MARKED));
        return parse(await text(address, signal)).alerts;
    }
}

/**
 * @param {URL} address
 * @param {AbortSignal} signal
 */
async function text(address, signal) {
    const response = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) });
    const body = await response.text();
    if (!response.ok) throw new Error(`${address.pathname}: ${response.status}`);
    return body;
}
