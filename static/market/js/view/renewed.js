/**
 * The server's part of a page, put in again as the server writes it now.
 */
import { need } from "./element.js";
import { showLocalTimes } from "./local_time.js";

const RENEWED = "[data-renewed]";

/**
 * Takes over what differs, part by part; what is open stays open, and who has the focus keeps it.
 * @param {Document} document
 * @param {Document} fresh the same page, just read
 */
export function renewParts(document, fresh) {
    const here = need(document, RENEWED, HTMLElement);
    const there = document.importNode(need(fresh, RENEWED, HTMLElement), true);
    showLocalTimes(there);
    if (here.isEqualNode(there)) return;
    const open = [...here.querySelectorAll("details")].map((each) => each.open);
    [...there.querySelectorAll("details")].forEach((each, place) => (each.open = open[place] ?? false));
    if (here.children.length !== there.children.length) {
        here.replaceChildren(...there.childNodes);
        return;
    }
    const parts = [...there.children];
    [...here.children].forEach((part, place) => {
        const next = parts[place];
        if (!next || part.isEqualNode(next) || part.contains(document.activeElement)) return;
        part.replaceWith(next);
    });
}
