/**
 * One page at the shared connection (switchboard.js): what it wants, and what it was not told yet.
 *
 * @import { CandleNews, Quote } from "../messages.js"
 *
 * @typedef {object} Wanted what a page is after; a rate below 0: no prices
 * @property {number} rate updates per second and symbol, 0 for each as it comes
 * @property {string} [symbol] the one that it shows, as "binance:BTCUSDT"; without it all
 * @property {readonly string[]} [candles] as "binance:BTCUSDT@1m"
 */
import { keyOf } from "../model/prices.js";
import { PriceMemory } from "./price_memory.js";

export class Listening {
    #symbol;
    #pending = new PriceMemory();
    /** @type {Map<string, CandleNews>} a closed one and the next beside each other */
    #candles = new Map();

    isReady = true;
    sentAt = -Infinity;
    heardAt = 0;
    /** @type {any} */
    timer = undefined;

    /**
     * @param {Wanted} wanted
     */
    constructor({ rate, symbol = "", candles = [] }) {
        this.rate = rate;
        this.candles = candles;
        this.#symbol = symbol;
    }

    get hasNews() {
        return this.#pending.size + this.#candles.size > 0;
    }

    /**
     * Those of them that the page is after.
     * @param {Quote[]} quotes
     */
    of(quotes) {
        if (this.rate < 0) return [];
        return this.#symbol ? quotes.filter((quote) => keyOf(quote) === this.#symbol) : quotes;
    }

    /**
     * @param {Quote[]} quotes
     */
    keep(quotes) {
        this.#pending.take(quotes);
    }

    /**
     * @param {CandleNews} news
     */
    keepCandle(news) {
        const word = candleWord(news);
        if (this.candles.includes(word)) this.#candles.set(`${word} ${news.candle.time}`, news);
    }

    /** All that it was not told, and nothing is left. */
    empty() {
        const news = { data: this.#pending.empty(), candles: [...this.#candles.values()] };
        this.#candles.clear();
        return news;
    }
}

/**
 * @param {CandleNews} news
 */
function candleWord({ exchange, symbol, interval }) {
    return `${exchange}:${symbol}@${interval}`;
}
