/**
 * The panel of the newest alerts beside the table.
 *
 * @import { Alert, Severity } from "../messages.js"
 * @import { AlertState } from "../model/newest_alerts.js"
 * @import { Deed } from "./toasts.js"
 */
import { localTime } from "../model/format.js";
import { phrase } from "../words.js";
import { need } from "./element.js";

/** @type {Record<Severity, string>} */
const ICONS = { info: "i", warning: "!", critical: "\u203c" };

export class AlertsPanel {
    #root;
    #list;
    #template;
    #switch;
    /** @type {Map<number, HTMLElement>} by the id of the alert */
    #shown = new Map();

    onDeed = (/** @type {Deed} */ _deed, /** @type {number} */ _id) => {};
    onSwitch = () => {};

    /**
     * @param {HTMLElement} board
     */
    constructor(board) {
        this.#root = need(board, "[data-panel]", HTMLElement);
        this.#list = need(this.#root, "[data-panel-list]", HTMLElement);
        this.#template = need(this.#root, "[data-panel-template]", HTMLTemplateElement);
        this.#switch = need(board, "[data-panel-switch]", HTMLButtonElement);
        this.#switch.addEventListener("click", () => this.onSwitch());
        this.#list.addEventListener("click", ({ target }) => this.#press(target));
    }

    get url() {
        return this.#root.dataset.alertsUrl ?? "";
    }

    /** @param {boolean} isOpen */
    open(isOpen) {
        this.#switch.setAttribute("aria-expanded", String(isOpen));
    }

    /**
     * @param {readonly { alert: Alert, state: AlertState, maySettle: boolean }[]} lines newest first
     */
    show(lines) {
        const wanted = new Set(lines.map(({ alert }) => alert.id));
        for (const [id, element] of this.#shown) if (!wanted.has(id)) this.#remove(id, element);
        let next = this.#list.firstElementChild;
        for (const { alert, state, maySettle } of lines) {
            const element = this.#shown.get(alert.id) ?? this.#make(alert);
            this.#mark(element, state, maySettle);
            if (element === next) next = next.nextElementSibling;
            else this.#list.insertBefore(element, next);
        }
        need(this.#root, "[data-panel-empty]", HTMLElement).hidden = lines.length > 0;
    }

    /**
     * @param {number} id
     * @param {string} words why a button did not work
     */
    object(id, words) {
        const element = this.#shown.get(id);
        if (!element) return;
        element.removeAttribute("aria-busy");
        const place = need(element, "[data-objection]", HTMLElement);
        place.textContent = words;
        place.hidden = !words;
    }

    /**
     * @param {Alert} alert
     */
    #make(alert) {
        const copy = document.importNode(this.#template.content, true);
        const element = need(copy, "[data-alert]", HTMLElement);
        element.dataset.alert = String(alert.id);
        need(element, ".severity", HTMLElement).dataset.severity = alert.severity;
        need(element, "[data-icon]", HTMLElement).textContent = ICONS[alert.severity] ?? "!";
        need(element, "[data-word]", HTMLElement).textContent = phrase(alert.severity);
        const time = need(element, "time", HTMLTimeElement);
        time.dateTime = alert.timestamp;
        time.textContent = localTime(Date.parse(alert.timestamp));
        const link = need(element, "a", HTMLAnchorElement);
        link.textContent = phrase(alert.text);
        link.href += `${alert.id}/`;
        this.#shown.set(alert.id, element);
        return element;
    }

    /**
     * @param {HTMLElement} element
     * @param {AlertState} state
     * @param {boolean} maySettle
     */
    #mark(element, state, maySettle) {
        const word = need(element, "[data-state]", HTMLElement);
        if (word.dataset.state !== state) {
            word.dataset.state = state;
            word.textContent = phrase(state);
            element.removeAttribute("aria-busy");
        }
        const buttons = need(element, "[data-buttons]", HTMLElement);
        const isDone = !maySettle || state !== "active";
        if (isDone && buttons.contains(document.activeElement)) need(element, "a", HTMLAnchorElement).focus();
        buttons.hidden = isDone;
    }

    /**
     * @param {number} id
     * @param {HTMLElement} element
     */
    #remove(id, element) {
        element.remove();
        this.#shown.delete(id);
    }

    /**
     * @param {EventTarget | null} target
     */
    #press(target) {
        const button = target instanceof Element ? target.closest("button[data-deed]") : null;
        const line = button?.closest("[data-alert]");
        if (!(button instanceof HTMLElement && line instanceof HTMLElement)) return;
        line.setAttribute("aria-busy", "true");
        this.onDeed(/** @type {Deed} */ (button.dataset.deed), Number(line.dataset.alert));
    }
}
