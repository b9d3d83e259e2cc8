/**
 * New alerts in a corner of the page: each with what it says, and buttons to take it on or put it away.
 *
 * @import { Alert, Severity } from "../messages.js"
 * @import { Toast } from "../model/alerts.js"
 */
import { localTime } from "../model/format.js";
import { need } from "./element.js";
import { gettext, interpolate, phrase } from "../words.js";

/** @type {Record<Severity, string>} beside the word, so that colour is never alone */
const ICONS = { info: "i", warning: "!", critical: "\u203c" };

/** @typedef {"acknowledge" | "snooze" | "dismiss"} Deed */

export class Toasts {
    #root;
    #list;
    #more;
    #template;
    /** @type {Map<number, HTMLElement>} by the id of the alert */
    #shown = new Map();

    /** Called for a button of a toast, and with 0 to put all away. */
    onDeed = (/** @type {Deed} */ _deed, /** @type {number} */ _id) => {};

    /**
     * @param {Document} document
     */
    constructor(document) {
        this.#root = need(document, "[data-toasts]", HTMLElement);
        this.#list = need(this.#root, "[data-toast-list]", HTMLElement);
        this.#more = need(this.#root, "[data-toasts-more]", HTMLElement);
        this.#template = need(this.#root, "[data-toast-template]", HTMLTemplateElement);
        this.#root.addEventListener("click", ({ target }) => this.#click(target));
    }

    /**
     * @param {{ shown: readonly Toast[], more: number }} toasts newest first
     * @param {(alert: Alert) => boolean} maySettle whether this reader may acknowledge it
     */
    show({ shown, more }, maySettle) {
        const wanted = new Set(shown.map(({ alert }) => alert.id));
        for (const [id, element] of this.#shown) if (!wanted.has(id)) this.#remove(id, element);
        let next = this.#list.firstElementChild;
        for (const { alert } of shown) {
            const element = this.#shown.get(alert.id) ?? this.#make(alert, maySettle(alert));
            if (element === next) next = next.nextElementSibling;
            else this.#list.insertBefore(element, next);
        }
        this.#more.hidden = more === 0;
        need(this.#more, "[data-more-count]", HTMLElement).textContent = String(more);
    }

    /**
     * Says on the toast why a button did not work.
     * @param {number} id
     * @param {string} words
     */
    object(id, words) {
        const element = this.#shown.get(id);
        if (!element) return;
        const place = need(element, "[data-objection]", HTMLElement);
        place.textContent = words;
        place.hidden = false;
        element.removeAttribute("aria-busy");
    }

    /**
     * @param {Alert} alert
     * @param {boolean} maySettle
     */
    #make(alert, maySettle) {
        const copy = document.importNode(this.#template.content, true);
        const element = need(copy, "[data-toast]", HTMLElement);
        element.dataset.toast = String(alert.id);
        element.dataset.severity = alert.severity;
        if (alert.severity === "critical") element.setAttribute("role", "alert"); // read out at once
        need(element, "[data-icon]", HTMLElement).textContent = ICONS[alert.severity] ?? "!";
        need(element, "[data-word]", HTMLElement).textContent = severityWords(alert);
        const time = need(element, "time", HTMLTimeElement);
        time.dateTime = alert.timestamp;
        time.textContent = localTime(Date.parse(alert.timestamp));
        const link = need(element, "a", HTMLAnchorElement);
        link.textContent = phrase(alert.text);
        link.href += `${alert.id}/`;
        for (const button of element.querySelectorAll("[data-needs-right]")) button.toggleAttribute("hidden", !maySettle);
        this.#shown.set(alert.id, element);
        return element;
    }

    /**
     * @param {number} id
     * @param {HTMLElement} element
     */
    #remove(id, element) {
        const hadFocus = element.contains(document.activeElement);
        element.remove();
        this.#shown.delete(id);
        const [other] = this.#shown.values();
        if (hadFocus) other?.querySelector("button")?.focus();
    }

    /**
     * @param {EventTarget | null} target
     */
    #click(target) {
        const button = target instanceof Element ? target.closest("button[data-deed]") : null;
        if (!(button instanceof HTMLElement)) return;
        const toast = button.closest("[data-toast]");
        const id = toast instanceof HTMLElement ? Number(toast.dataset.toast) : 0;
        if (button.dataset.deed !== "dismiss") toast?.setAttribute("aria-busy", "true");
        this.onDeed(/** @type {Deed} */ (button.dataset.deed), id);
    }
}

/**
 * @param {Alert} alert
 */
function severityWords({ severity, late }) {
    const words = phrase(severity);
    return late ? interpolate(gettext("%(severity)s, late"), { severity: words }) : words;
}
