/**
 * The form that says how the board looks: shows what was chosen, tells what is chosen.
 *
 * @import { Chosen, Preferences } from "../model/preferences.js"
 */
import { need } from "./element.js";

export class Settings {
    #form;
    #root;

    /** Called with what the reader changed. */
    onChange = (/** @type {Chosen} */ _chosen) => {};
    onReset = () => {};

    /**
     * @param {Document} document
     */
    constructor(document) {
        this.#root = document.documentElement;
        this.#form = need(document, "[data-settings]", HTMLFormElement);
        this.#form.addEventListener("change", ({ target }) => this.#tell(target));
        this.#form.addEventListener("submit", (event) => event.preventDefault());
        need(this.#form, "[data-settings-reset]", HTMLButtonElement).addEventListener("click", () => this.onReset());
    }

    /**
     * @param {Preferences} chosen
     * @param {"device" | "account" | "trouble"} place where it is kept
     */
    show(chosen, place) {
        for (const box of this.#boxes) box.checked = !chosen.hidden.includes(box.value);
        for (const name of /** @type {const} */ (["view", "density"])) this.#field(name).value = chosen[name];
        for (const name of /** @type {const} */ (["rate", "sound_from", "notes_from", "loudness"])) {
            this.#field(name).value = String(chosen[name]);
        }
        for (const words of this.#form.querySelectorAll("[data-place]")) {
            if (words instanceof HTMLElement) words.hidden = words.dataset.place !== place;
        }
        this.#wear(chosen);
    }

    /**
     * What style sheets make of it; page/early.js does the same before anything is painted.
     * @param {Preferences} chosen
     */
    #wear({ density, view, hidden, panel }) {
        const { dataset } = this.#root;
        dataset.density = density;
        dataset.view = view;
        dataset.hide = hidden.join(" ");
        this.#root.toggleAttribute("data-panel", panel);
    }

    get #boxes() {
        return [...this.#form.querySelectorAll('input[name="column"]')].filter((box) => box instanceof HTMLInputElement);
    }

    /**
     * @param {string} name
     * @returns {{ value: string }}
     */
    #field(name) {
        const field = this.#form.elements.namedItem(name);
        if (!field || !("value" in field)) throw new Error(`the form has no ${name}`);
        return field;
    }

    /**
     * @param {EventTarget | null} target
     */
    #tell(target) {
        if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement)) return;
        const { name, value } = target;
        if (name === "column") this.onChange({ hidden: this.#boxes.filter(({ checked }) => !checked).map((box) => box.value) });
        else this.onChange({ [name]: name === "rate" ? Number(value) : value });
    }
}
