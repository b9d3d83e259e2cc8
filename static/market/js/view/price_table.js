/**
 * The table of prices: which rows there are, in which order they stand, which of them a search leaves.
 *
 * Rows near the window are written with each change. Writing hundreds of others many times a second would cost most of
 * the time there is, for nobody: they are written when they come near, and a few at a time meanwhile.
 *
 * @import { Listing } from "../messages.js"
 * @import { Threshold } from "../model/thresholds.js"
 * @import { Line } from "../model/prices.js"
 * @import { Series } from "../model/spark.js"
 */
import { matches } from "../model/order.js";
import { keyOf } from "../model/prices.js";
import { need } from "./element.js";
import { PriceRow } from "./price_row.js";

const NEAR = "400px"; // around the window
const WRITTEN_AT_ONCE = 20; // rows per frame: more of them, laid out and painted, take longer than a frame
const LATE_AT_ONCE = 60; // rows
const DRAWN_AT_ONCE = 8; // small charts per frame

export class PriceTable {
    #body;
    #template;
    /** @type {Map<string, PriceRow>} */
    #rows = new Map();
    /** @type {Set<string>} */
    #near = new Set();
    /** @type {Set<string>} rows that are not near and do not show what is known */
    #late = new Set();
    /** @type {Set<PriceRow>} rows whose price moved a moment ago */
    #flashing = new Set();
    #observer;
    /** @type {readonly Threshold[] | null} null: those that the server marked */
    #thresholds = null;

    /** Called with the keys of rows that came near and have to be written. */
    onNear = (/** @type {string[]} */ _keys) => {};

    /**
     * @param {HTMLElement} board
     */
    constructor(board) {
        this.#observer = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: NEAR });
        this.#body = need(board, "[data-price-table] tbody", HTMLTableSectionElement);
        this.#template = need(board, "[data-row-template]", HTMLTemplateElement);
        for (const element of this.#body.rows) {
            const row = new PriceRow(element);
            this.#rows.set(row.key, row);
            this.#observer.observe(element);
        }
    }

    /** The element that holds the rows. */
    get body() {
        return this.#body;
    }

    get rows() {
        return [...this.#rows.values()];
    }

    get keys() {
        return this.#rows.keys();
    }

    /**
     * Makes the rows be those of the list. New ones come last: the others stay where the reader has them.
     * @param {readonly Listing[]} listings
     * @returns {boolean} whether rows came or went
     */
    list(listings) {
        const gone = new Set(this.#rows.keys());
        let isOther = false;
        for (const listing of listings) {
            const key = keyOf(listing);
            if (!gone.delete(key)) isOther = true;
            const row = this.#rows.get(key) ?? this.#append();
            row.list(listing);
            row.thresholds = this.#thresholdsOf(key);
            this.#rows.set(key, row);
        }
        for (const key of gone) this.#remove(key);
        return isOther || gone.size > 0;
    }

    /**
     * Writes rows that are near, as many as a frame has time for, and takes them from `keys`; those that are not near
     * are late from now on.
     * @param {Set<string>} keys
     * @param {(key: string) => Line | undefined} lineOf
     * @param {number} now
     */
    show(keys, lineOf, now) {
        let left = WRITTEN_AT_ONCE;
        for (const key of keys) {
            const row = this.#rows.get(key);
            const isNear = this.#near.has(key);
            if (isNear && left-- <= 0) continue;
            keys.delete(key);
            if (row && isNear) this.#show(row, lineOf(key), now);
            else if (row) this.#late.add(key);
        }
    }

    /**
     * Writes rows that came near, all of them: they are in sight soon, or already.
     * @param {readonly string[]} keys
     * @param {(key: string) => Line | undefined} lineOf
     * @param {number} now
     */
    showNear(keys, lineOf, now) {
        for (const key of keys) {
            const row = this.#rows.get(key);
            if (row) this.#show(row, lineOf(key), now);
        }
    }

    /**
     * @param {PriceRow} row
     * @param {Line | undefined} line
     * @param {number} now
     */
    #show(row, line, now) {
        row.show(line, now);
        this.#flashing.add(row);
    }

    /**
     * Lets flashes fade; answers whether there are any. By few writes and not by an animation, whose style would be
     * worked out anew in each frame.
     * @param {number} at of performance.now()
     */
    fade(at) {
        for (const row of this.#flashing) if (!row.showFlash(at)) this.#flashing.delete(row);
        return this.#flashing.size > 0;
    }

    /**
     * Writes some of the rows that are late, the longest waiting first.
     * @param {(key: string) => Line | undefined} lineOf
     * @param {number} now
     */
    showLate(lineOf, now) {
        for (const key of [...this.#late].slice(0, LATE_AT_ONCE)) {
            this.#late.delete(key);
            this.#rows.get(key)?.show(lineOf(key), now);
        }
    }

    /**
     * @param {(key: string) => Line | undefined} lineOf
     * @param {number} now
     */
    showAges(lineOf, now) {
        for (const key of this.#near) this.#rows.get(key)?.showAge(lineOf(key), now);
    }

    /**
     * Draws small charts of rows that are near, not too many in one frame.
     * @param {(key: string) => Line | undefined} lineOf
     * @param {{ series: ReadonlyMap<string, Series>, now: number }} look
     */
    showSparks(lineOf, { series, now }) {
        let drawn = 0;
        for (const key of this.#near) {
            drawn += Number(this.#rows.get(key)?.showSpark(lineOf(key), { series: series.get(key), now }));
            if (drawn === DRAWN_AT_ONCE) return;
        }
    }

    /**
     * Puts marks on rows by the names of symbols; answers the keys of the rows concerned.
     * @param {{ halted: ReadonlySet<string>, silent: ReadonlySet<string> }} named
     */
    mark({ halted, silent }) {
        const concerned = [];
        for (const [key, row] of this.#rows) {
            if (row.halted === halted.has(row.symbol) && row.silent === silent.has(row.symbol)) continue;
            row.halted = halted.has(row.symbol);
            row.silent = silent.has(row.symbol);
            concerned.push(key);
        }
        return concerned;
    }

    /**
     * Answers the keys of the rows concerned: all, as rules are few and seldom change.
     * @param {readonly Threshold[]} thresholds
     */
    setThresholds(thresholds) {
        this.#thresholds = thresholds;
        for (const [key, row] of this.#rows) row.thresholds = this.#thresholdsOf(key);
        return this.#rows.keys();
    }

    /**
     * Moves only the rows that are not in their place already; the focus goes with its row.
     * @param {readonly PriceRow[]} rows
     */
    arrange(rows) {
        const focused = this.#body.contains(document.activeElement) ? document.activeElement : null;
        let next = this.#body.firstElementChild;
        for (const { element } of rows) {
            if (element === next) next = next.nextElementSibling;
            else this.#body.insertBefore(element, next);
        }
        if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
    }

    /**
     * Leaves the rows that a search finds and that belong to what is shown; answers how many.
     * @param {string} search
     * @param {(row: PriceRow) => boolean} belongs
     */
    filter(search, belongs) {
        let found = 0;
        for (const row of this.#rows.values()) {
            const isOut = !belongs(row) || !matches(search, row.names);
            if (row.element.hidden !== isOut) row.element.hidden = isOut;
            found += Number(!isOut);
        }
        return found;
    }

    /**
     * Those of a row's symbol, and those on all symbols.
     * @param {string} key
     */
    #thresholdsOf(key) {
        return this.#thresholds && this.#thresholds.filter((threshold) => threshold.key === key || threshold.key === "");
    }

    #append() {
        const copy = document.importNode(this.#template.content, true);
        const row = new PriceRow(need(copy, "tr", HTMLTableRowElement));
        this.#body.append(copy);
        this.#observer.observe(row.element);
        return row;
    }

    /**
     * @param {readonly IntersectionObserverEntry[]} entries
     */
    #see(entries) {
        const due = [];
        for (const { target, isIntersecting } of entries) {
            const key = target instanceof HTMLElement ? (target.dataset.key ?? "") : "";
            if (!isIntersecting) this.#near.delete(key);
            else if (this.#rows.has(key)) this.#near.add(key);
            if (isIntersecting && this.#late.delete(key)) due.push(key);
        }
        if (due.length) this.onNear(due);
    }

    /**
     * @param {string} key
     */
    #remove(key) {
        const row = this.#rows.get(key);
        if (!row) return;
        this.#observer.unobserve(row.element);
        row.element.remove();
        this.#flashing.delete(row);
        this.#rows.delete(key);
        this.#near.delete(key);
        this.#late.delete(key);
    }
}
