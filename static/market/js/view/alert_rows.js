/**
 * The server's part of an alert page, put in again as the server writes it now: its filters and rights are the server's.
 */
import { need } from "./element.js";
import { showLocalTimes } from "./local_time.js";

/**
 * Takes over what differs. A row that somebody works in stays as it is until they leave it.
 * @param {Document} document
 * @param {Document} fresh the same page, just read
 */
export function renew(document, fresh) {
    const here = need(document, "[data-renewed]", HTMLElement);
    const there = need(fresh, "[data-renewed]", HTMLElement);
    showLocalTimes(there);
    if (here.isEqualNode(there) || here.contains(document.activeElement)) return;
    const known = new Set(keysOf(here));
    const parts = document.importNode(there, true);
    if (known.size) for (const row of rowsOf(parts)) row.toggleAttribute("data-new", !known.has(row.dataset.alert ?? ""));
    here.replaceChildren(...parts.childNodes);
}

/**
 * @param {HTMLElement} part
 * @returns {HTMLElement[]}
 */
function rowsOf(part) {
    return [...part.querySelectorAll("[data-alert]")].filter((row) => row instanceof HTMLElement);
}

/**
 * @param {HTMLElement} part
 */
function keysOf(part) {
    return rowsOf(part).map((row) => row.dataset.alert ?? "");
}
