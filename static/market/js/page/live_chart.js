/**
 * What stored and open candles do to the chart, its legend and the table.
 *
 * @import { Alert, CandleNews, DecimalText, Interval } from "../messages.js"
 * @import { CandleDesk } from "../live/candle_desk.js"
 * @import { CandleTable } from "../view/candle_table.js"
 * @import { Chart } from "../view/chart.js"
 * @import { Legend } from "../view/legend.js"
 *
 * @typedef {{ desk: CandleDesk, chart: Chart, legend: Legend, table: CandleTable }} Parts
 * @typedef {{ note: HTMLElement, words: HTMLElement, now: HTMLElement }} Places
 */
import { Candles, LENGTHS } from "../model/candles.js";
import { marksOf } from "../model/marks.js";
import { gettext } from "../words.js";

const AT_FIRST = 500; // candles
const OLDER = 1000;
const NEWEST = 3;
const OLDER_AGAIN = 5000; // ms until older ones are asked for again where there were none
const RETRY = { first: 2000, most: 30 * 1000 }; // ms, doubled each time
const TABLE_EVERY = 1000; // ms

export class LiveChart {
    #parts;
    #places;
    /** @type {Interval} */
    #interval;
    #candles;
    #stopping = new AbortController();
    #isReading = false;
    #olderFrom = 0; // ms since 1970: older ones are asked for from then on
    #drawnTo = NaN; // ms since 1970: where the drawing ends; NaN before the first
    #retry = RETRY.first;
    /** @type {any} */
    #retryTimer;
    /** @type {any} */
    #tableTimer;
    #frame = 0;
    /** @type {number | null} */
    #hovered = null;
    /** @type {readonly Alert[]} */
    #alerts = [];

    /**
     * @param {Parts} parts
     * @param {Places} places
     * @param {Interval} interval
     */
    constructor(parts, places, interval) {
        this.#parts = parts;
        this.#places = places;
        this.#interval = interval;
        this.#candles = new Candles(interval);
        parts.chart.onHover = (time) => this.#hover(time);
        parts.chart.onStart = () => void this.#readOlder();
        this.#begin();
    }

    get interval() {
        return this.#interval;
    }

    /**
     * @param {Interval} interval
     */
    setInterval(interval) {
        this.#interval = interval;
        this.#begin();
    }

    /** Everything anew: candles of another source, or after the page could not be reached. */
    restart() {
        this.#begin();
    }

    /** The newest once more: while nobody listened, some may have closed. */
    catchUp() {
        void this.#read(AT_FIRST, { fresh: false });
    }

    /** For ways that tell no candles. */
    poll() {
        if (this.#candles.size) void this.#read(NEWEST, { fresh: false });
    }

    /**
     * @param {CandleNews} news
     */
    take({ interval, candle }) {
        if (interval !== this.#interval) return;
        const { last } = this.#candles;
        const isWhole = this.#candles.take(candle);
        if (!isWhole && last) return this.catchUp();
        this.#paint();
    }

    /**
     * @param {DecimalText} price
     * @param {number} at the exchange's time, ms since 1970
     */
    setPrice(price, at) {
        this.#candles.setPrice(price, at);
        this.#paint();
    }

    /**
     * @param {readonly Alert[]} alerts
     */
    setAlerts(alerts) {
        this.#alerts = alerts;
        this.#mark();
    }

    /** Colours are others. */
    repaint() {
        this.#draw(false);
    }

    /**
     * @param {number} steps
     */
    step(steps) {
        const candle = this.#candles.beside(this.#hovered, steps);
        if (!candle) return;
        this.#parts.chart.point(candle);
        this.#hover(candle.time);
        this.#places.words.textContent = this.#parts.legend.words(candle);
    }

    leave() {
        this.#parts.chart.point(undefined);
        this.#hover(null);
    }

    #begin() {
        this.#stopping.abort();
        clearTimeout(this.#retryTimer);
        this.#stopping = new AbortController();
        this.#candles = new Candles(this.#interval);
        this.#isReading = false;
        this.#olderFrom = 0;
        this.#hovered = null;
        this.#drawnTo = NaN; // what stands there is of another interval: it is replaced, not added to
        this.#retry = RETRY.first;
        this.#say(gettext("Loading candles\u2026"));
        void this.#read(AT_FIRST, { fresh: true });
    }

    /**
     * @param {number} limit
     * @param {{ fresh: boolean }} how
     */
    async #read(limit, { fresh }) {
        const { signal } = this.#stopping;
        try {
            const { candles, complete } = await this.#parts.desk.read(this.#interval, { limit, signal });
            if (signal.aborted) return;
            this.#candles.load(candles);
            this.#draw(fresh);
            this.#say(candles.length ? "" : gettext("No candles are stored yet: they are loaded from the exchange."));
            if (complete) this.#retry = RETRY.first;
            else this.#readLater(fresh && !candles.length);
        } catch (error) {
            if (signal.aborted) return;
            console.info("candles are asked for again:", error);
            this.#say(this.#candles.size ? "" : gettext("Candles cannot be read now; trying again."));
            if (this.#candles.size) this.#draw(fresh);
            this.#readLater(fresh && !this.#candles.size);
        }
    }

    /**
     * @param {boolean} fresh
     */
    #readLater(fresh) {
        clearTimeout(this.#retryTimer);
        this.#retryTimer = setTimeout(() => void this.#read(AT_FIRST, { fresh }), this.#retry);
        this.#retry = Math.min(RETRY.most, this.#retry * 2);
    }

    async #readOlder() {
        const { first } = this.#candles;
        if (this.#isReading || Date.now() < this.#olderFrom || !first) return;
        const { signal } = this.#stopping;
        this.#isReading = true;
        try {
            const { candles } = await this.#parts.desk.read(this.#interval, { limit: OLDER, to: first.time, signal });
            if (signal.aborted) return;
            if (!candles.length) this.#olderFrom = Date.now() + OLDER_AGAIN; // they may still be loaded from the exchange
            this.#candles.load(candles);
            if (candles.length) this.#draw(false);
        } catch (error) {
            if (!signal.aborted) console.info("older candles are asked for again:", error);
        } finally {
            if (!signal.aborted) this.#isReading = false;
        }
    }

    /**
     * @param {boolean} fresh
     */
    #draw(fresh) {
        this.#parts.chart.show(this.#candles.slots(), { fresh });
        this.#drawnTo = this.#candles.last?.time ?? NaN;
        this.#mark();
        this.#legend();
        this.#list();
    }

    /** What changes with each price: the last candle, in the next frame. */
    #paint() {
        this.#frame ||= requestAnimationFrame(() => {
            this.#frame = 0;
            const { last } = this.#candles;
            if (!last || !(last.time >= this.#drawnTo)) return;
            if (last.time > this.#drawnTo + LENGTHS[this.#interval]) return this.#draw(false); // with the gap
            this.#drawnTo = last.time;
            this.#parts.chart.update(last);
            this.#legend();
            this.#tableTimer ??= setTimeout(() => this.#list(), TABLE_EVERY);
        });
    }

    #list() {
        clearTimeout(this.#tableTimer);
        this.#tableTimer = undefined;
        this.#parts.table.show(this.#candles.all, this.#interval);
        this.#places.now.hidden = this.#parts.chart.isAtTheEnd;
    }

    /**
     * @param {number | null} time
     */
    #hover(time) {
        this.#hovered = time;
        this.#legend();
    }

    #legend() {
        const hovered = this.#hovered === null ? undefined : this.#candles.at(this.#hovered);
        this.#parts.legend.show(hovered ?? this.#candles.last);
    }

    /** Alerts where they fired, as far as the chart reaches. */
    #mark() {
        const { first, last } = this.#candles;
        if (!first || !last) return;
        this.#parts.chart.setMarks(marksOf(this.#alerts, LENGTHS[this.#interval], { from: first.time, to: last.time }));
    }

    /**
     * @param {string} words
     */
    #say(words) {
        this.#places.note.textContent = words;
    }
}
