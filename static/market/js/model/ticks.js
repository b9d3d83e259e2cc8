/**
 * Prices in steps of the tick size, exactly; a place in a chart is a double and lies between them.
 *
 * @import { DecimalText } from "../messages.js"
 */
import { round } from "./decimal.js";
import { plain } from "./exact_json.js";

const SHOWN = 6; // digits of a price whose tick size is not known

/**
 * The nearest price that there is, at least one tick.
 * @param {number} price
 * @param {DecimalText} tick "" where it is not known
 * @returns {DecimalText}
 */
export function snapped(price, tick) {
    if (!tick) return plain(Number(price.toPrecision(SHOWN)));
    return times(BigInt(Math.max(1, Math.round(price / Number(tick)))), tick);
}

/**
 * So many ticks away from a price, at least one tick.
 * @param {DecimalText} price
 * @param {number} steps
 * @param {DecimalText} tick "" where it is not known: a thousandth of the price then
 * @returns {DecimalText}
 */
export function moved(price, steps, tick) {
    if (!tick) return snapped(Number(price) * (1 + steps / 1000), "");
    return snapped(Number(price) + steps * Number(tick), tick);
}

/**
 * How many decimals show a price of this size where the tick size is not known.
 * @param {number} price
 */
export function decimals(price) {
    if (!(price > 0)) return 2;
    return Math.max(0, Math.min(12, SHOWN - 1 - Math.floor(Math.log10(price))));
}

/**
 * A double for the eye, with so many decimals.
 * @param {number} price
 * @param {number} digits
 * @returns {DecimalText}
 */
export function seen(price, digits) {
    return round(plain(price), digits);
}

/**
 * @param {bigint} count
 * @param {DecimalText} tick
 * @returns {DecimalText}
 */
function times(count, tick) {
    const [whole, fraction = ""] = tick.split(".");
    const size = (count * BigInt(whole + fraction)).toString().padStart(fraction.length + 1, "0");
    const text = fraction ? `${size.slice(0, -fraction.length)}.${size.slice(-fraction.length)}` : size;
    return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
