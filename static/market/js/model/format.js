/**
 * Numbers and times as the board writes them. market/core/display.py writes the same on the server;
 * tests/support/messages/display.json holds both to it.
 *
 * @import { DecimalText } from "../messages.js"
 */
import { MINUS, THIN_SPACE, grouped, magnitude, pad, round, shift } from "./decimal.js";
import { gettext, interpolate, language, locale } from "../words.js";

export const ABSENT = "\u2013";

const UNITS = [
    { digits: 12, letter: "T" },
    { digits: 9, letter: "B" },
    { digits: 6, letter: "M" },
];
// Chinese counts in ten thousands.
const CHINESE_UNITS = [
    { digits: 12, letter: "\u4e07\u4ebf" },
    { digits: 8, letter: "\u4ebf" },
    { digits: 4, letter: "\u4e07" },
];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 1500; // ms; younger than this is "now"

const clockTime = new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dateTime = new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "medium" });

/**
 * A price with the decimals of its tick size; more where the price has more, never fewer.
 * @param {DecimalText | undefined} text
 * @param {number | null} digits
 */
export function price(text, digits) {
    return text === undefined ? ABSENT : grouped(pad(text, digits ?? 0));
}

/**
 * `+2.50 %`: always two decimals and a sign, except for zero.
 * @param {DecimalText | undefined} text
 */
export function percent(text) {
    if (text === undefined) return ABSENT;
    const rounded = round(text, 2);
    const sign = rounded.startsWith("-") ? MINUS : rounded === "0.00" ? "" : "+";
    return `${sign}${grouped(rounded.replace("-", ""))}${THIN_SPACE}%`;
}

/**
 * `1.23 M`, `12 345`, `42.10`, `0.0123`: a volume in five or so digits.
 * @param {DecimalText | undefined} text
 */
export function volume(text) {
    if (text === undefined) return ABSENT;
    const size = magnitude(text);
    const units = language().startsWith("zh") ? CHINESE_UNITS : UNITS;
    const unit = units.find(({ digits }) => size > digits);
    if (unit) return `${grouped(round(shift(text, unit.digits), 2))}${THIN_SPACE}${unit.letter}`;
    return grouped(round(text, size > 3 ? 0 : size > 0 ? 2 : 4));
}

/**
 * How long ago, in one unit: `now`, `12 s`, `3 min`, `5 h`, `2 d`.
 * @param {number} ms
 */
export function age(ms) {
    if (ms < NOW) return gettext("now");
    if (ms < MINUTE) return counted(gettext("%(count)s s"), ms / SECOND);
    if (ms < HOUR) return counted(gettext("%(count)s min"), ms / MINUTE);
    if (ms < DAY) return counted(gettext("%(count)s h"), ms / HOUR);
    return counted(gettext("%(count)s d"), ms / DAY);
}

/**
 * @param {string} format
 * @param {number} count
 */
function counted(format, count) {
    return interpolate(format, { count: Math.floor(count) }).replace(" ", THIN_SPACE);
}

/**
 * The time of day where the reader is.
 * @param {number} ms since 1970
 */
export function localTime(ms) {
    return clockTime.format(ms);
}

/**
 * @param {number} ms since 1970
 */
export function localDateTime(ms) {
    return dateTime.format(ms);
}
