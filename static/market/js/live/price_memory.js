/**
 * What the shared connection knows of every symbol, for pages that come later; and what one page was not told yet.
 *
 * @import { Quote } from "../messages.js"
 */
import { keyOf } from "../model/prices.js";

/**
 * Quotes put together: each has all that was ever said of its symbol, the newest of each field.
 */
export class PriceMemory {
    /** @type {Map<string, Quote>} */
    #quotes = new Map();

    get size() {
        return this.#quotes.size;
    }

    /** @returns {Quote[]} */
    get quotes() {
        return [...this.#quotes.values()];
    }

    /**
     * @param {readonly Quote[]} quotes
     */
    take(quotes) {
        for (const quote of quotes) {
            const key = keyOf(quote);
            const held = this.#quotes.get(key);
            if (held) Object.assign(held, quote);
            else this.#quotes.set(key, { ...quote });
        }
    }

    /**
     * @param {readonly string[]} names of symbols, as the protocol has them: alone, or with the exchange
     */
    forget(names) {
        for (const [key, { symbol }] of this.#quotes) {
            if (names.includes(symbol) || names.includes(key)) this.#quotes.delete(key);
        }
    }

    /** All of it, and nothing is left. */
    empty() {
        const { quotes } = this;
        this.#quotes.clear();
        return quotes;
    }
}
