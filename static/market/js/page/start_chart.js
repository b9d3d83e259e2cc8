/**
 * Makes the chart of a symbol's page, with the page's colours, digits and times.
 *
 * @import { DecimalText, Interval } from "../messages.js"
 */
import { LENGTHS } from "../model/candles.js";
import { price } from "../model/format.js";
import { decimals, seen } from "../model/ticks.js";
import { axisTime, candleTime } from "../model/times.js";
import { Chart } from "../view/chart.js";
import { readTones } from "../view/chart_look.js";
import { need } from "../view/element.js";

/**
 * @param {HTMLElement} page
 * @param {{ digits: number | null, tick: DecimalText, interval: () => Interval }} symbol
 */
export function makeChart(page, { digits, tick, interval }) {
    const tones = need(page, "[data-tones]", HTMLElement);
    const labels = {
        price: (/** @type {number} */ value) => price(seen(value, digits ?? decimals(value)), digits),
        time: (/** @type {number} */ ms) => candleTime(ms, LENGTHS[interval()]),
        tick: (/** @type {number} */ ms, /** @type {number} */ weight) => axisTime(ms, weight, LENGTHS[interval()]),
    };
    const step = Number(tick) || (digits === null ? 1e-8 : 10 ** -digits);
    const chart = new Chart(need(page, "[data-chart-canvas]", HTMLElement), { labels, step, tones: readTones(tones) });
    return { chart, looks: { digits, time: labels.time }, wearTones: () => chart.setTones(readTones(tones)) };
}
