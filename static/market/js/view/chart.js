/**
 * Candles with their volume, drawn by lightweight-charts. It takes doubles, which are for the eye: what is written in
 * words comes from the exact numbers.
 *
 * @import { Candle } from "../messages.js"
 * @import { Slot } from "../model/candles.js"
 * @import { Mark } from "../model/marks.js"
 * @import { Tones } from "./chart_look.js"
 * @import { IPriceLine, SeriesMarker, Time, UTCTimestamp } from "../../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs"
 *
 * @typedef {object} Labels how axes are written
 * @property {(price: number) => string} price
 * @property {(time: number) => string} time in full
 * @property {(time: number, weight: number) => string} tick a mark on the time axis
 *
 * @typedef {{ price: number, title: string, strong: boolean }} Level a horizontal line
 */
import {
    CandlestickSeries,
    CrosshairMode,
    HistogramSeries,
    LineStyle,
    createChart,
    createSeriesMarkers,
} from "../../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";
import { faint } from "./chart_look.js";

const SECOND = 1000; // ms; the library counts in seconds
const NEAR_THE_START = 40; // candles left of the view, from which on older ones are wanted
const BAR = 8; // px, at first
const SPACE_AT_THE_END = 6; // candles

export class Chart {
    #chart;
    #candles;
    #volumes;
    #marks;
    /** @type {Tones} */
    #tones;
    /** @type {Map<string, IPriceLine>} */
    #levels = new Map();
    #hasData = false;

    /** The candle under the crosshair, by its time in ms since 1970; null: none. */
    onHover = (/** @type {number | null} */ _time) => {};
    /** The reader has come near the oldest candle. */
    onStart = () => {};
    /** What is shown, or how high prices stand, may have changed. */
    onMove = () => {};
    /** An alert's mark was clicked. */
    onMark = (/** @type {string} */ _id) => {};

    /**
     * @param {HTMLElement} element
     * @param {{ labels: Labels, step: number, tones: Tones }} looks `step` is the smallest one of a price
     */
    constructor(element, { labels, step, tones }) {
        this.#tones = tones;
        this.#chart = createChart(element, this.#options(labels, getComputedStyle(element).fontFamily));
        this.#candles = this.#chart.addSeries(CandlestickSeries, {
            priceFormat: { type: "custom", minMove: step, formatter: labels.price },
        });
        this.#volumes = this.#chart.addSeries(HistogramSeries, {
            priceFormat: { type: "volume" },
            priceScaleId: "",
            lastValueVisible: false,
            priceLineVisible: false,
        });
        this.#volumes.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
        this.#candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.22 } });
        this.#marks = createSeriesMarkers(this.#candles, []);
        this.setTones(tones);
        this.#listen();
    }

    /**
     * @param {Tones} tones
     */
    setTones(tones) {
        this.#tones = tones;
        const { text, line, surface, up, down, muted } = tones;
        this.#chart.applyOptions({
            layout: { background: { color: surface }, textColor: muted, panes: { separatorColor: line } },
            grid: { vertLines: { color: faint(line, 0.6) }, horzLines: { color: faint(line, 0.6) } },
            crosshair: {
                vertLine: { color: muted, labelBackgroundColor: text },
                horzLine: { color: muted, labelBackgroundColor: text },
            },
            rightPriceScale: { borderColor: line },
            timeScale: { borderColor: line },
        });
        this.#candles.applyOptions({
            upColor: up, downColor: down, borderUpColor: up, borderDownColor: down, wickUpColor: up, wickDownColor: down,
        });
    }

    /**
     * Everything anew. The view stays where it is, unless `fresh`: then it shows the newest.
     * @param {readonly Slot[]} slots
     * @param {{ fresh: boolean }} how
     */
    show(slots, { fresh }) {
        this.#candles.setData(slots.map(({ time, candle }) => (candle ? bar(candle) : { time: place(time) })));
        this.#volumes.setData(slots.map(({ time, candle }) => (candle ? this.#column(candle) : { time: place(time) })));
        this.#hasData = slots.length > 0;
        if (fresh) this.showNewest();
    }

    /**
     * The last candle, or the one after it.
     * @param {Candle} candle
     */
    update(candle) {
        this.#hasData = true;
        this.#candles.update(bar(candle));
        this.#volumes.update(this.#column(candle));
    }

    /**
     * @param {readonly Mark[]} marks in the order of time
     */
    setMarks(marks) {
        const { alarm, warning } = this.#tones;
        /** @type {SeriesMarker<Time>[]} */
        const drawn = marks.map(({ id, time, price, alarming, count }) => ({
            id, time: place(time), price, position: "atPriceMiddle", shape: "circle", color: alarming ? alarm : warning, size: 1,
            text: count > 1 ? String(count) : "",
        }));
        this.#marks.setMarkers(drawn);
    }

    /**
     * @param {ReadonlyMap<string, Level>} levels by their names
     */
    setLevels(levels) {
        for (const [name, line] of this.#levels) {
            if (!levels.has(name)) {
                this.#candles.removePriceLine(line);
                this.#levels.delete(name);
            }
        }
        for (const [name, { price, title, strong }] of levels) {
            const color = strong ? this.#tones.alarm : this.#tones.warning;
            const options = { price, title, color, lineWidth: /** @type {const} */ (1), lineStyle: LineStyle.Dashed, axisLabelVisible: true };
            const known = this.#levels.get(name);
            if (known) known.applyOptions(options);
            else this.#levels.set(name, this.#candles.createPriceLine(options));
        }
    }

    /**
     * px from the top of the drawing, or null where there is no scale yet.
     * @param {number} price
     */
    heightOf(price) {
        return this.#hasData ? this.#candles.priceToCoordinate(price) : null;
    }

    /**
     * @param {number} height
     */
    priceAt(height) {
        return this.#candles.coordinateToPrice(height);
    }

    /** px of the drawing without its axes. */
    get size() {
        return { width: this.#chart.timeScale().width(), height: this.#chart.panes()[0]?.getHeight() ?? 0 };
    }

    get isAtTheEnd() {
        return this.#chart.timeScale().scrollPosition() > -1;
    }

    showNewest() {
        this.#chart.timeScale().applyOptions({ barSpacing: BAR, rightOffset: SPACE_AT_THE_END });
        this.#chart.timeScale().scrollToPosition(SPACE_AT_THE_END, false);
        this.#chart.priceScale("right").applyOptions({ autoScale: true });
    }

    showAll() {
        this.#chart.timeScale().fitContent();
        this.#chart.priceScale("right").applyOptions({ autoScale: true });
    }

    /**
     * @param {number} factor above 1: nearer
     */
    zoom(factor) {
        const scale = this.#chart.timeScale();
        const range = scale.getVisibleLogicalRange();
        if (!range) return;
        const width = Math.max(5, (range.to - range.from) / factor);
        scale.setVisibleLogicalRange({ from: range.to - width, to: range.to });
    }

    /**
     * The crosshair on a candle, which is brought into view.
     * @param {Candle | undefined} candle
     */
    point(candle) {
        if (!candle) return this.#chart.clearCrosshairPosition();
        const scale = this.#chart.timeScale();
        const time = place(candle.time);
        const x = scale.timeToCoordinate(time);
        if (x === null || x < 0) scale.scrollToPosition(scale.scrollPosition() - 10, false);
        else if (x > scale.width()) scale.scrollToPosition(Math.min(SPACE_AT_THE_END, scale.scrollPosition() + 10), false);
        this.#chart.setCrosshairPosition(Number(candle.close), time, this.#candles);
    }

    #listen() {
        this.#chart.subscribeCrosshairMove(({ time }) => this.onHover(typeof time === "number" ? time * SECOND : null));
        this.#chart.subscribeClick(({ hoveredInfo }) => hoveredInfo?.objectId !== undefined && this.onMark(String(hoveredInfo.objectId)));
        this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
            if (range && this.#hasData && range.from < NEAR_THE_START) this.onStart();
            this.onMove();
        });
        this.#chart.timeScale().subscribeSizeChange(() => this.onMove());
        this.#candles.attachPrimitive({ updateAllViews: () => this.onMove() });
    }

    /**
     * @param {Candle} candle
     */
    #column({ time, open, close, volume }) {
        const { up, down } = this.#tones;
        return { time: place(time), value: Number(volume), color: faint(Number(close) >= Number(open) ? up : down, 0.35) };
    }

    /**
     * @param {Labels} labels
     * @param {string} fontFamily
     */
    #options({ price, time, tick }, fontFamily) {
        return {
            autoSize: true,
            layout: { attributionLogo: false, fontFamily, fontSize: 12 },
            localization: { priceFormatter: price, timeFormatter: (/** @type {Time} */ at) => time(Number(at) * SECOND) },
            crosshair: { mode: CrosshairMode.Normal },
            handleScroll: { vertTouchDrag: false },
            kineticScroll: { touch: !matchMedia("(prefers-reduced-motion: reduce)").matches, mouse: false },
            rightPriceScale: { minimumWidth: 72 },
            timeScale: {
                timeVisible: true,
                secondsVisible: false,
                barSpacing: BAR,
                rightOffset: SPACE_AT_THE_END,
                tickMarkFormatter: (/** @type {Time} */ at, /** @type {number} */ weight) => tick(Number(at) * SECOND, weight),
            },
        };
    }
}

/**
 * @param {number} time ms since 1970
 */
function place(time) {
    return /** @type {UTCTimestamp} */ (time / SECOND);
}

/**
 * @param {Candle} candle
 */
function bar({ time, open, high, low, close }) {
    return { time: place(time), open: Number(open), high: Number(high), low: Number(low), close: Number(close) };
}
