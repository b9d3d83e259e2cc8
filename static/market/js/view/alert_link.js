/**
 * The link to the alerts in the head of the page, with the number of those that wait for somebody.
 */
import { need } from "./element.js";
import { gettext, interpolate } from "../words.js";

const MOST = 99;

export class AlertLink {
    #count;
    #words;

    /**
     * @param {Document} document
     */
    constructor(document) {
        const link = need(document, "[data-alert-link]", HTMLElement);
        this.#count = need(link, "[data-alert-count]", HTMLElement);
        this.#words = need(link, "[data-alert-words]", HTMLElement);
    }

    /**
     * @param {number} unacknowledged
     */
    show(unacknowledged) {
        const text = unacknowledged > MOST ? `${MOST}+` : String(unacknowledged);
        if (this.#count.textContent === text && this.#count.hidden === !unacknowledged) return;
        this.#count.hidden = !unacknowledged;
        this.#count.textContent = text;
        this.#words.textContent = unacknowledged ? interpolate(gettext(", %(count)s not acknowledged"), { count: text }) : "";
    }
}
