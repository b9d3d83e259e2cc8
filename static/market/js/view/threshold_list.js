/**
 * The thresholds in words beside the chart, with a field for each price that staff may change; what was saved, what was
 * refused and why, and the way back.
 *
 * @import { Ends, RuleLine } from "../messages.js"
 */
import { gettext, phrase } from "../words.js";
import { need } from "./element.js";

const NO_RULE = "/0/"; // in the address that the template has

export class ThresholdList {
    #list;
    #none;
    #said;
    #words;
    #undo;
    #template;

    /** A form was sent. */
    onSave = (/** @type {number} */ _id, /** @type {Ends} */ _ends) => {};
    /** The reader takes the last change back. */
    onUndo = () => {};

    /**
     * @param {HTMLElement} page
     */
    constructor(page) {
        const section = need(page, "[data-thresholds]", HTMLElement);
        this.#list = need(section, "[data-threshold-list]", HTMLElement);
        this.#none = need(section, "[data-no-thresholds]", HTMLElement);
        this.#said = need(section, "[data-threshold-said]", HTMLElement);
        this.#words = need(this.#said, "[data-said-words]", HTMLElement);
        this.#undo = need(this.#said, "[data-undo]", HTMLButtonElement);
        this.#template = need(section, "[data-threshold-template]", HTMLTemplateElement);
        this.#undo.addEventListener("click", () => this.onUndo());
        this.#list.addEventListener("submit", (event) => this.#send(event));
    }

    /**
     * @param {readonly RuleLine[]} lines
     */
    show(lines) {
        const known = new Map([...this.#list.children].map((item) => [item instanceof HTMLElement ? item.dataset.threshold : "", item]));
        for (const line of lines) {
            const item = known.get(String(line.id));
            known.delete(String(line.id));
            this.#write(item instanceof HTMLElement ? item : this.#add(), line);
        }
        for (const item of known.values()) item.remove();
        this.#none.hidden = lines.length > 0;
    }

    /**
     * @param {string} words
     * @param {{ kind: "done" | "refused", undo: boolean }} how
     */
    say(words, { kind, undo }) {
        this.#said.hidden = !words;
        this.#said.dataset.kind = kind;
        this.#words.textContent = words;
        this.#undo.hidden = !undo;
    }

    /**
     * @param {HTMLElement} item
     * @param {RuleLine} line
     */
    #write(item, { id, version, text, threshold, upper, severity, in_percent: inPercent }) {
        const isOther = item.dataset.version !== String(version);
        item.dataset.threshold = String(id);
        item.dataset.version = String(version);
        item.dataset.severity = severity;
        need(item, "[data-text]", HTMLElement).textContent = phrase(text);
        const link = item.querySelector("[data-rule-link]");
        if (link instanceof HTMLAnchorElement) link.href = link.href.replace(NO_RULE, `/${id}/`);
        const form = item.querySelector("form");
        if (!form) return;
        form.hidden = inPercent;
        if (!isOther) return; // what the reader types stays
        need(form, "[name=version]", HTMLInputElement).value = String(version);
        need(form, "[name=threshold]", HTMLInputElement).value = threshold;
        const top = need(form, "[name=upper]", HTMLInputElement);
        top.value = upper ?? "";
        top.hidden = upper === null;
    }

    #add() {
        const copy = document.importNode(this.#template.content, true);
        const item = need(copy, "[data-threshold]", HTMLElement);
        this.#list.append(copy);
        return item;
    }

    /**
     * @param {SubmitEvent} event
     */
    #send(event) {
        if (!(event.target instanceof HTMLFormElement)) return;
        event.preventDefault();
        const item = event.target.closest("[data-threshold]");
        const words = new FormData(event.target);
        const text = (/** @type {string} */ name) => String(words.get(name) ?? "").trim();
        if (!text("threshold")) return this.say(gettext("A threshold needs a price."), { kind: "refused", undo: false });
        const ends = { threshold: text("threshold"), ...(text("upper") ? { upper: text("upper") } : {}) };
        if (item instanceof HTMLElement) this.onSave(Number(item.dataset.threshold), ends);
    }
}
