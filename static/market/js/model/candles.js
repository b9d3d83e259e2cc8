/**
 * The candles of one symbol and one interval: those that are stored, and the open one with the newest price in it.
 * No DOM, no network, no clock.
 *
 * @import { Candle, DecimalText, Interval } from "../messages.js"
 *
 * @typedef {{ time: number, candle: Candle | null }} Slot a place on the time axis; without a candle nothing is known of it
 */
import { compare } from "./decimal.js";

const MINUTE = 60 * 1000;

/** @type {Readonly<Record<Interval, number>>} ms */
export const LENGTHS = { "1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": 60 * MINUTE, "4h": 240 * MINUTE, "1d": 1440 * MINUTE };

const MOST_EMPTY = 500; // slots that one gap takes; a longer one is drawn shorter

/**
 * @param {string | undefined} word
 * @returns {Interval}
 */
export function intervalOf(word) {
    return word && Object.hasOwn(LENGTHS, word) ? /** @type {Interval} */ (word) : "15m";
}

export class Candles {
    #length;
    /** @type {Candle[]} the oldest first */
    #candles = [];
    /** @type {{ price: DecimalText, at: number } | null} */
    #newest = null;

    /**
     * @param {Interval} interval
     */
    constructor(interval) {
        this.#length = LENGTHS[interval];
    }

    get size() {
        return this.#candles.length;
    }

    get first() {
        return this.#candles.at(0);
    }

    /** The last candle, with the newest price. */
    get last() {
        const last = this.#candles.at(-1);
        return last && this.#newest ? withPrice(last, this.#newest, this.#length) : last;
    }

    /** All of them, the oldest first. */
    get all() {
        const { last } = this;
        if (!last) return [];
        const kept = last.time === this.#candles.at(-1)?.time ? this.#candles.slice(0, -1) : this.#candles;
        return [...kept, last];
    }

    /**
     * @param {number} time
     */
    at(time) {
        const { last } = this;
        return last?.time === time ? last : this.#candles[this.#place(time)];
    }

    /**
     * The candle `steps` away from the one at `time`, or the last one that there is on the way.
     * @param {number | null} time
     * @param {number} steps
     */
    beside(time, steps) {
        const { all } = this;
        const from = time === null ? all.length : all.findIndex((candle) => candle.time === time);
        return all[Math.max(0, Math.min(all.length - 1, from + steps))];
    }

    /**
     * Candles as the server has them, in any order; what is held of the same times is replaced.
     * @param {readonly Candle[]} candles
     */
    load(candles) {
        const byTime = new Map(this.#candles.map((candle) => [candle.time, candle]));
        for (const candle of candles) {
            if (!byTime.get(candle.time)?.closed || candle.closed) byTime.set(candle.time, candle);
        }
        this.#candles = [...byTime.values()].sort((one, other) => one.time - other.time);
    }

    /**
     * A candle as it is told; false where some before it are missing, which have to be asked for.
     * @param {Candle} candle
     */
    take(candle) {
        const last = this.#candles.at(-1);
        if (last && candle.time < last.time) this.load([candle]);
        else if (last?.time === candle.time) this.#candles[this.#candles.length - 1] = last.closed ? last : candle;
        else this.#candles.push(candle);
        return last !== undefined && candle.time <= last.time + this.#length;
    }

    /**
     * The newest price, at the exchange's time (ms since 1970); an older one is passed over.
     * @param {DecimalText} price
     * @param {number} at
     */
    setPrice(price, at) {
        if (at >= (this.#newest?.at ?? 0)) this.#newest = { price, at };
    }

    /** One slot for each stretch of time from the first candle to the last; gaps are empty, never flat. */
    slots() {
        /** @type {Slot[]} */
        const slots = [];
        for (const candle of this.all) {
            const before = slots.at(-1)?.time ?? candle.time;
            const missing = Math.min(MOST_EMPTY, (candle.time - before) / this.#length - 1);
            for (let count = 1; count <= missing; count += 1) slots.push({ time: before + count * this.#length, candle: null });
            slots.push({ time: candle.time, candle });
        }
        return slots;
    }

    /**
     * @param {number} time
     */
    #place(time) {
        let low = 0;
        let high = this.#candles.length - 1;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.#candles[middle].time < time) low = middle + 1;
            else high = middle;
        }
        return this.#candles[low]?.time === time ? low : -1;
    }
}

/**
 * The candle with a price in it that came after it was told: the same candle grown, or the next one.
 * @param {Candle} candle
 * @param {{ price: DecimalText, at: number }} newest
 * @param {number} length ms
 * @returns {Candle}
 */
export function withPrice(candle, { price, at }, length) {
    if (at < candle.time) return candle;
    if (at >= candle.time + length) return opened(price, at - (at % length));
    if (candle.closed) return candle;
    const high = compare(price, candle.high) > 0 ? price : candle.high;
    const low = compare(price, candle.low) < 0 ? price : candle.low;
    return { ...candle, high, low, close: price };
}

/**
 * A candle of which one price is known so far.
 * @param {DecimalText} price
 * @param {number} time
 * @returns {Candle}
 */
function opened(price, time) {
    return { time, open: price, high: price, low: price, close: price, volume: "0", quote_volume: "0", trades: 0, closed: false };
}
