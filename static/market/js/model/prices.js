/**
 * The newest that is known of each symbol. No DOM, no network, no clock: `now` is passed in (ms since 1970).
 *
 * @import { DecimalText, NumberName, Quote } from "../messages.js"
 *
 * @typedef {"up" | "down" | ""} Direction
 * @typedef {Partial<Record<NumberName, DecimalText>>} Numbers
 * @typedef {object} Line what is held of one symbol
 * @property {Numbers} numbers of the market, never of a test
 * @property {Direction} direction of the last change of the price
 * @property {number} moves how often the price moved; tells a view when to flash
 * @property {number} at when the quote last changed, ms since 1970
 * @property {string} timestamp the exchange's own word for it
 * @property {string} source
 * @property {{ quote: Quote, until: number } | null} test a test broadcast, shown for a moment instead of the price
 */
import { NUMBERS } from "./exact_json.js";
import { compare } from "./decimal.js";

const TEST_SHOWN = 5000; // ms

/**
 * @param {{ exchange: string, symbol: string }} named
 */
export function keyOf({ exchange, symbol }) {
    return `${exchange}:${symbol}`;
}

export class Prices {
    /** @type {Map<string, Line>} */
    #lines = new Map();
    #testing = new Set();

    /** When any quote last changed, ms since 1970; 0 before the first. */
    newest = 0;

    /**
     * Takes quotes as they come and answers the keys of the lines that changed.
     * @param {readonly Quote[]} quotes
     * @param {number} now
     */
    apply(quotes, now) {
        const changed = new Set();
        for (const quote of quotes) {
            const key = keyOf(quote);
            if (quote.source === "test") this.#test(key, quote, now);
            else this.#market(key, quote, now);
            changed.add(key);
        }
        return changed;
    }

    /**
     * Takes what somebody else held for us: quotes that are older than ours say nothing.
     * @param {readonly Quote[]} quotes
     * @param {number} now
     */
    applyNewer(quotes, now) {
        const isNewer = (/** @type {Quote} */ quote) => {
            const held = this.#lines.get(keyOf(quote));
            return !held?.timestamp || held.source !== quote.source || Date.parse(quote.timestamp) >= Date.parse(held.timestamp);
        };
        return this.apply(quotes.filter(isNewer), now);
    }

    /**
     * @param {string} key
     * @returns {Line | undefined}
     */
    get(key) {
        return this.#lines.get(key);
    }

    /**
     * The keys whose test broadcast is over; the market's price is to be shown again.
     * @param {number} now
     */
    endTests(now) {
        const ended = [...this.#testing].filter((key) => (this.#lines.get(key)?.test?.until ?? 0) <= now);
        for (const key of ended) {
            this.#testing.delete(key);
            const line = this.#lines.get(key);
            if (line) line.test = null;
        }
        return ended;
    }

    /**
     * @param {Iterable<string>} keys
     */
    keepOnly(keys) {
        const kept = new Set(keys);
        for (const key of this.#lines.keys()) {
            if (!kept.has(key)) this.#lines.delete(key);
        }
    }

    /**
     * @param {string} key
     * @param {Quote} quote
     * @param {number} now
     */
    #market(key, quote, now) {
        const line = this.#line(key);
        this.#move(line, quote.price);
        for (const name of NUMBERS) {
            if (quote[name] !== undefined) line.numbers[name] = quote[name];
        }
        line.source = quote.source;
        line.timestamp = quote.timestamp;
        line.at = quote.source === "replay" ? now : Math.min(now, Date.parse(quote.timestamp));
        this.newest = Math.max(this.newest, line.at);
    }

    /**
     * @param {string} key
     * @param {Quote} quote
     * @param {number} now
     */
    #test(key, quote, now) {
        const line = this.#line(key);
        line.test = { quote, until: now + TEST_SHOWN };
        line.moves += 1;
        this.#testing.add(key);
    }

    /**
     * @param {Line} line
     * @param {DecimalText | undefined} price
     */
    #move(line, price) {
        const before = line.numbers.price;
        if (before === undefined || price === undefined) return;
        const sign = compare(price, before);
        if (!sign) return;
        line.direction = sign > 0 ? "up" : "down";
        line.moves += 1;
    }

    /**
     * @param {string} key
     * @returns {Line}
     */
    #line(key) {
        const held = this.#lines.get(key);
        if (held) return held;
        /** @type {Line} */
        const line = { numbers: {}, direction: "", moves: 0, at: 0, timestamp: "", source: "", test: null };
        this.#lines.set(key, line);
        return line;
    }
}
