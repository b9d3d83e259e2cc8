/**
 * Times as the server wrote them, in UTC, where the reader is: their own zone and form. UTC stays as the title.
 */
import { gettext, locale } from "../words.js";

const date = new Intl.DateTimeFormat(locale(), { year: "numeric", month: "2-digit", day: "2-digit" });
/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const clock = new Intl.DateTimeFormat(locale(), CLOCK);
const exact = new Intl.DateTimeFormat(locale(), { ...CLOCK, fractionalSecondDigits: 3 });
const minute = new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/** @type {Record<string, (moment: Date) => string>} what `data-time` may ask for */
const FORMS = {
    full: (moment) => `${date.format(moment)} ${clock.format(moment)}`,
    exact: (moment) => `${date.format(moment)} ${exact.format(moment)}`,
    clock: (moment) => exact.format(moment),
    second: (moment) => clock.format(moment),
    minute: (moment) => minute.format(moment),
};

/**
 * Every `time[data-time]` within `root`, and the heads that say UTC.
 * @param {ParentNode} root
 */
export function showLocalTimes(root) {
    for (const element of root.querySelectorAll("time[data-time]")) {
        if (!(element instanceof HTMLTimeElement)) continue;
        const moment = new Date(element.dateTime);
        const form = FORMS[element.dataset.time ?? ""];
        delete element.dataset.time;
        if (!form || Number.isNaN(moment.getTime())) continue;
        element.title = `${moment.toISOString().slice(0, 23).replace("T", " ")} UTC`;
        const day = element.querySelector("span");
        if (!day) element.textContent = form(moment);
        else element.replaceChildren(`${date.format(moment)} `, spanOf(day, clock.format(moment)));
    }
    for (const head of root.querySelectorAll("[data-time-head]")) head.textContent = gettext("Time");
}

/**
 * @param {HTMLSpanElement} span
 * @param {string} text
 */
function spanOf(span, text) {
    span.textContent = text;
    return span;
}
