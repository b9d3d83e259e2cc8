/**
 * Exact arithmetic on decimal text, as far as a board needs it: compare, round, group, shift.
 *
 * @import { DecimalText } from "../messages.js"
 */
import { locale } from "../words.js";

export const THIN_SPACE = "\u202f"; // narrow and never at the end of a line
export const MINUS = "\u2212"; // as wide as a plus

/**
 * @param {DecimalText} text
 * @returns {{ negative: boolean, whole: string, fraction: string }}
 */
function split(text) {
    const negative = text.startsWith("-");
    const [whole, fraction = ""] = (negative ? text.slice(1) : text).split(".");
    return { negative, whole: whole.replace(/^0+(?=\d)/, ""), fraction };
}

/**
 * -1, 0 or 1, without the rounding of doubles.
 * @param {DecimalText} left
 * @param {DecimalText} right
 */
export function compare(left, right) {
    if (left === right) return 0;
    const a = split(left);
    const b = split(right);
    const places = Math.max(a.fraction.length, b.fraction.length);
    const difference = scaled(a, places) - scaled(b, places);
    return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

/**
 * @param {{ negative: boolean, whole: string, fraction: string }} number
 * @param {number} places
 */
function scaled(number, places) {
    const size = BigInt(number.whole + number.fraction.padEnd(places, "0"));
    return number.negative ? -size : size;
}

/**
 * Half away from zero; always `places` decimals.
 * @param {DecimalText} text
 * @param {number} places
 * @returns {DecimalText}
 */
export function round(text, places) {
    const { negative, whole, fraction } = split(text);
    const kept = BigInt(whole + fraction.slice(0, places).padEnd(places, "0"));
    const size = kept + (fraction.charAt(places) >= "5" ? 1n : 0n);
    const digits = size.toString().padStart(places + 1, "0");
    const rounded = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
    return negative && size ? `-${rounded}` : rounded;
}

/**
 * At least `places` decimals: pads, and never cuts a digit off.
 * @param {DecimalText} text
 * @param {number} places
 * @returns {DecimalText}
 */
export function pad(text, places) {
    const dot = text.indexOf(".");
    const have = dot < 0 ? 0 : text.length - dot - 1;
    if (have >= places) return text;
    return (have ? text : `${text}.`) + "0".repeat(places - have);
}

/** @type {{ locale: string, digits: (whole: string) => string, point: string }} how numbers are written, found once */
let writing = { locale: "", digits: String, point: "." };

/**
 * All digits, grouped and with the point as the reader writes numbers, and a real minus. Intl groups the whole number,
 * which is exact as a BigInt; the decimals are never a number.
 * @param {DecimalText} text
 */
export function grouped(text) {
    const { negative, whole, fraction } = split(text);
    if (!writing.locale) writing = writingOf(locale());
    const groups = whole.length > 3 ? writing.digits(whole) : whole;
    return (negative ? MINUS : "") + groups + (fraction && writing.point + fraction);
}

/**
 * @param {string} locale
 */
export function writingOf(locale) {
    // Always grouped, in our digits: numbers below each other line up.
    const options = { useGrouping: /** @type {any} */ ("always"), numberingSystem: "latn", maximumFractionDigits: 1 };
    const format = new Intl.NumberFormat(locale, options);
    const point = format.formatToParts(0.5).find(({ type }) => type === "decimal")?.value ?? ".";
    return { locale, digits: (/** @type {string} */ whole) => format.format(BigInt(whole)), point };
}

/**
 * Divided by ten to the power of `places`, exactly.
 * @param {DecimalText} text
 * @param {number} places
 * @returns {DecimalText}
 */
export function shift(text, places) {
    const { negative, whole, fraction } = split(text);
    const digits = whole.padStart(places + 1, "0");
    return `${negative ? "-" : ""}${digits.slice(0, -places)}.${digits.slice(-places)}${fraction}`;
}

/**
 * How many digits stand before the dot (0 for 0.5).
 * @param {DecimalText} text
 */
export function magnitude(text) {
    const { whole } = split(text);
    return whole === "0" ? 0 : whole.length;
}
