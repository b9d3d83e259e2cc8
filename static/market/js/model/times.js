/**
 * Times on a chart, where the reader is. A day is the exchange's, which begins at midnight UTC.
 */
import { language } from "../words.js";

const DAY = 24 * 60 * 60 * 1000; // ms
const YEAR_MARK = 0; // weights of marks on the time axis, as the chart's library counts them
const MONTH_MARK = 1;
const DAY_MARK = 2;

const locale = language() === "en" ? undefined : language();
/** @param {Intl.DateTimeFormatOptions} options */
const format = (options) => new Intl.DateTimeFormat(locale, { hourCycle: "h23", ...options });
const clock = format({ hour: "2-digit", minute: "2-digit" });
const dayAndClock = format({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const dayMark = format({ month: "short", day: "numeric" });
const utcDay = format({ year: "numeric", month: "short", day: "numeric", timeZone: "UTC" });
const utcDayMark = format({ month: "short", day: "numeric", timeZone: "UTC" });
const monthMark = format({ month: "short", timeZone: "UTC" });
const yearMark = format({ year: "numeric", timeZone: "UTC" });

/** The zone that these are in, such as `Europe/Berlin`. */
export const ZONE = clock.resolvedOptions().timeZone;

/**
 * When a candle opened.
 * @param {number} ms since 1970
 * @param {number} length of the candle, ms
 */
export function candleTime(ms, length) {
    return length >= DAY ? utcDay.format(ms) : dayAndClock.format(ms);
}

/**
 * A mark on the time axis.
 * @param {number} ms since 1970
 * @param {number} weight
 * @param {number} length of the candles, ms
 */
export function axisTime(ms, weight, length) {
    if (weight === YEAR_MARK) return yearMark.format(ms);
    if (weight === MONTH_MARK) return monthMark.format(ms);
    if (weight === DAY_MARK) return (length >= DAY ? utcDayMark : dayMark).format(ms);
    return clock.format(ms);
}
