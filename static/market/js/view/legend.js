/**
 * The numbers of one candle above the chart: the one under the crosshair, else the newest.
 *
 * @import { Candle } from "../messages.js"
 */
import { percent, price, volume } from "../model/format.js";
import { MINUS } from "../model/decimal.js";
import { gettext, pgettext } from "../words.js";
import { need } from "./element.js";

export class Legend {
    #element;
    #digits;
    #time;

    /**
     * @param {HTMLElement} page
     * @param {{ digits: number | null, time: (ms: number) => string }} looks
     */
    constructor(page, { digits, time }) {
        this.#element = need(page, "[data-legend]", HTMLElement);
        this.#digits = digits;
        this.#time = time;
    }

    /**
     * @param {Candle | undefined} candle
     */
    show(candle) {
        this.#element.toggleAttribute("data-empty", !candle);
        if (!candle) return;
        const change = changeOf(candle);
        this.#write("time", this.#time(candle.time));
        for (const name of /** @type {const} */ (["open", "high", "low", "close"])) this.#write(name, price(candle[name], this.#digits));
        this.#write("change", change).dataset.sign = signOf(change);
        this.#write("volume", volume(candle.volume)).title = candle.volume;
        this.#write("mark", candle.closed ? "" : pgettext("candle", "open"));
    }

    /**
     * The same as a sentence, for a screen reader.
     * @param {Candle} candle
     */
    words(candle) {
        const shown = (/** @type {string} */ text) => price(text, this.#digits);
        return [
            this.#time(candle.time),
            `${gettext("Open")} ${shown(candle.open)}`,
            `${gettext("High")} ${shown(candle.high)}`,
            `${gettext("Low")} ${shown(candle.low)}`,
            `${gettext("Close")} ${shown(candle.close)}`,
            `${gettext("Volume")} ${volume(candle.volume)}`,
        ].join(", ");
    }

    /**
     * @param {string} name
     * @param {string} text
     */
    #write(name, text) {
        const place = need(this.#element, `[data-legend-${name}]`, HTMLElement);
        if (place.textContent !== text) place.textContent = text;
        return place;
    }
}

/**
 * From open to close, in percent.
 * @param {Candle} candle
 */
export function changeOf({ open, close }) {
    const from = Number(open);
    return percent(from > 0 ? (((Number(close) - from) / from) * 100).toFixed(6) : undefined);
}

/**
 * @param {string} change
 */
export function signOf(change) {
    return change.startsWith("+") ? "up" : change.startsWith(MINUS) ? "down" : "";
}
