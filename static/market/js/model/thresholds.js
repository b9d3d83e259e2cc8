/**
 * How far a price is from the thresholds that staff set. Distances are for the eye, so doubles will do.
 *
 * @import { DecimalText } from "../messages.js"
 * @import { Numbers } from "./prices.js"
 *
 * @typedef {"above" | "below" | "cross" | "change_above" | "change_below" | "moved" | "enters" | "leaves"} Condition
 * @typedef {object} Threshold one rule of one symbol
 * @property {string} key of its row
 * @property {Condition} condition
 * @property {DecimalText} threshold a price, or percent
 * @property {DecimalText | null} upper the top of a range
 * @property {string} text the rule in words
 *
 * @typedef {object} Distance
 * @property {number} percent that the price has to go, negative for down
 * @property {boolean} past the condition holds already: this is the way back
 * @property {string} text the rule in words
 */
import { MINUS, THIN_SPACE } from "./decimal.js";

/**
 * The rule that the price is nearest to; those that can still fire come first. Null where none is known, and for moves
 * within a window, which have no fixed place.
 * @param {readonly Threshold[]} thresholds of one symbol
 * @param {Numbers} numbers
 * @returns {Distance | null}
 */
export function nearest(thresholds, numbers) {
    /** @type {Distance | null} */
    let best = null;
    for (const threshold of thresholds) {
        const distance = distanceTo(threshold, numbers);
        if (distance && (!best || isNearer(distance, best))) best = distance;
    }
    return best;
}

/**
 * `+0.8 %`, `−12 %`: one decimal below ten percent, `< 0.1 %` near nothing.
 * @param {Distance} distance
 */
export function distanceWords({ percent }) {
    const size = Math.abs(percent);
    if (size < 0.1) return `<${THIN_SPACE}0.1${THIN_SPACE}%`;
    const digits = size < 9.95 ? size.toFixed(1) : size.toFixed(0);
    return `${percent < 0 ? MINUS : "+"}${digits}${THIN_SPACE}%`;
}

/**
 * @param {Distance} one
 * @param {Distance} other
 */
function isNearer(one, other) {
    if (one.past !== other.past) return other.past;
    return Math.abs(one.percent) < Math.abs(other.percent);
}

/**
 * @param {Threshold} threshold
 * @param {Numbers} numbers
 * @returns {Distance | null}
 */
function distanceTo({ condition, threshold, upper, text }, numbers) {
    const price = Number(numbers.price);
    if (!(price > 0)) return null;
    const low = Number(threshold);
    const high = Number(upper ?? threshold);
    const change = Number(numbers.change_24h);
    const way = (/** @type {number} */ to) => (to / price - 1) * 100;
    const wayOfChange = ((100 + low) / (100 + change) - 1) * 100;
    const nearer = Math.abs(way(low)) < Math.abs(way(high)) ? way(low) : way(high);
    const isInside = price >= low && price <= high;
    switch (condition) {
        case "above":
            return { percent: way(low), past: price > low, text };
        case "below":
            return { percent: way(low), past: price < low, text };
        case "cross":
            return { percent: way(low), past: false, text };
        case "change_above":
            return Number.isFinite(wayOfChange) ? { percent: wayOfChange, past: change > low, text } : null;
        case "change_below":
            return Number.isFinite(wayOfChange) ? { percent: wayOfChange, past: change < low, text } : null;
        case "enters":
            return { percent: nearer, past: isInside, text };
        case "leaves":
            return { percent: nearer, past: !isInside, text };
        default:
            return null;
    }
}
