/**
 * The newest candles as a table: the chart for who cannot see it.
 *
 * @import { Candle } from "../messages.js"
 */
import { price, volume } from "../model/format.js";
import { need } from "./element.js";
import { changeOf, signOf } from "./legend.js";

const ROWS = 30;

export class CandleTable {
    #body;
    #empty;
    #interval;
    #digits;
    #time;

    /**
     * @param {HTMLElement} page
     * @param {{ digits: number | null, time: (ms: number) => string }} looks
     */
    constructor(page, { digits, time }) {
        this.#body = need(page, "[data-candle-table] tbody", HTMLTableSectionElement);
        this.#empty = need(page, "[data-no-candles]", HTMLElement);
        this.#interval = need(page, "[data-table-interval]", HTMLElement);
        this.#digits = digits;
        this.#time = time;
    }

    /**
     * @param {readonly Candle[]} candles the oldest first
     * @param {string} interval
     */
    show(candles, interval) {
        const newest = candles.slice(-ROWS).reverse();
        this.#interval.textContent = interval;
        this.#empty.hidden = newest.length > 0;
        while (this.#body.rows.length > newest.length) this.#body.deleteRow(-1);
        newest.forEach((candle, index) => this.#write(this.#body.rows[index] ?? this.#append(), candle));
    }

    /**
     * @param {HTMLTableRowElement} row
     * @param {Candle} candle
     */
    #write(row, candle) {
        const time = need(row, "time", HTMLTimeElement);
        const change = changeOf(candle);
        const { open, high, low, close } = candle;
        const prices = [open, high, low, close].map((text) => price(text, this.#digits));
        row.toggleAttribute("data-open", !candle.closed);
        time.dateTime = new Date(candle.time).toISOString();
        write(time, this.#time(candle.time));
        [...prices, change, volume(candle.volume)].forEach((text, index) => write(row.cells[index + 1], text));
        row.cells[5].dataset.sign = signOf(change);
    }

    #append() {
        const row = this.#body.insertRow();
        const head = document.createElement("th");
        head.scope = "row";
        head.append(document.createElement("time"));
        row.append(head);
        for (let count = 0; count < 6; count += 1) row.insertCell();
        return row;
    }
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
