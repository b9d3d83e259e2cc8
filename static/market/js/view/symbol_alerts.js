/**
 * The last alerts of a symbol beside its chart.
 *
 * @import { Alert } from "../messages.js"
 */
import { localDateTime } from "../model/format.js";
import { phrase } from "../words.js";
import { need } from "./element.js";

const SHOWN = 8;

/**
 * @param {HTMLElement} page
 * @param {readonly Alert[]} alerts the newest first
 * @param {string} address of the list of all; that of one is below it
 */
export function showAlerts(page, alerts, address) {
    const section = need(page, "[data-symbol-alerts]", HTMLElement);
    need(section, "[data-no-alerts]", HTMLElement).hidden = alerts.length > 0;
    need(section, "[data-alert-lines]", HTMLElement).replaceChildren(...alerts.slice(0, SHOWN).map((alert) => line(alert, address)));
}

/**
 * @param {Alert} alert
 * @param {string} address
 */
function line({ id, text, timestamp }, address) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const time = document.createElement("time");
    link.href = `${address}${id}/`;
    link.textContent = phrase(text);
    time.dateTime = timestamp;
    time.textContent = localDateTime(Date.parse(timestamp));
    item.append(link, " ", time);
    return item;
}
