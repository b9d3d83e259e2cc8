/**
 * JSON in which the numbers of a quote stay exact.
 *
 * JSON.parse makes doubles of numbers: 123456789012.12345678 would lose its last digits. Where the browser hands the
 * source text to the reviver (Chrome 114, Firefox 135, Safari 18.4) that text is kept as it came; elsewhere the double is
 * written out, which is exact to 15 significant digits: enough for any price, not for every volume.
 *
 * @import { NumberName } from "../messages.js"
 */

/** @type {readonly NumberName[]} */
export const NUMBERS = ["price", "change_24h", "open_24h", "high_24h", "low_24h", "volume_24h", "quote_volume_24h", "bid", "ask"];

const CANDLE = ["open", "high", "low", "close", "volume", "quote_volume"];
const EXACT = new Set([.../** @type {readonly string[]} */ (NUMBERS), "previous_price", ...CANDLE]);
const MOST_DECIMALS = 20;

/**
 * A number as decimal text, without an exponent.
 * @param {number} number
 */
export function plain(number) {
    const text = String(number);
    if (!text.includes("e")) return text;
    if (Math.abs(number) >= 1) return BigInt(number).toString();
    return number.toFixed(MOST_DECIMALS).replace(/0+$/, "");
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {{ source?: string }} [context]
 */
function keepExact(name, value, context) {
    if (typeof value !== "number" || !EXACT.has(name)) return value;
    return context?.source ?? plain(value);
}

/**
 * Parses what the server sent. Throws SyntaxError when it is no JSON.
 * @param {string} text
 * @returns {any} numbers of quotes and alerts are decimal text
 */
export function parse(text) {
    return JSON.parse(text, keepExact);
}
