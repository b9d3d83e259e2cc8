/**
 * Alerts as marks in a chart: one for each candle, however often something fired in it.
 *
 * @import { Alert } from "../messages.js"
 *
 * @typedef {object} Mark
 * @property {string} id of the newest alert in the candle
 * @property {number} time of the candle, ms since 1970
 * @property {number} price at which that one fired
 * @property {boolean} alarming one of them is critical
 * @property {number} count
 */

/**
 * @param {readonly Alert[]} alerts
 * @param {number} length of a candle, ms
 * @param {{ from: number, to: number }} range times of the first and the last candle
 * @returns {Mark[]} in the order of time
 */
export function marksOf(alerts, length, { from, to }) {
    /** @type {Map<number, Mark>} */
    const marks = new Map();
    for (const { id, price, severity, timestamp } of [...alerts].sort((one, other) => one.id - other.id)) {
        const at = Date.parse(timestamp);
        const time = at - (at % length);
        if (!price || !(time >= from && time <= to)) continue;
        const before = marks.get(time);
        const alarming = severity === "critical" || (before?.alarming ?? false);
        marks.set(time, { id: String(id), time, price: Number(price), alarming, count: (before?.count ?? 0) + 1 });
    }
    return [...marks.values()].sort((one, other) => one.time - other.time);
}
