/**
 * The line of groups above the table, and the bar in which rows are arranged.
 *
 * @import { Preferences } from "../model/preferences.js"
 */
import { ownGroup } from "../model/arrangement.js";
import { need } from "./element.js";

export class Groups {
    #list;
    #bar;
    #arrange;
    #rename;
    #name;
    /** @type {HTMLElement[]} */
    #own = [];

    onChoose = (/** @type {string} */ _group) => {};
    onArrange = (/** @type {boolean} */ _on) => {};
    onAdd = (/** @type {string} */ _name) => {};
    onRename = (/** @type {string} */ _name) => {};
    onDelete = () => {};
    onForgetOrder = () => {};

    /**
     * @param {HTMLElement} board
     */
    constructor(board) {
        this.#list = need(board, "[data-group-list]", HTMLElement);
        this.#bar = need(board, "[data-arranging]", HTMLElement);
        this.#arrange = need(board, "[data-arrange]", HTMLButtonElement);
        this.#rename = need(this.#bar, "[data-rename-group]", HTMLFormElement);
        this.#name = need(this.#rename, "input", HTMLInputElement);
        const add = need(this.#bar, "[data-new-group]", HTMLFormElement);
        const added = need(add, "input", HTMLInputElement);
        this.#list.addEventListener("click", ({ target }) => {
            const button = target instanceof Element ? target.closest("[data-group]") : null;
            if (button instanceof HTMLElement) this.onChoose(button.dataset.group ?? "all");
        });
        this.#arrange.addEventListener("click", () => this.#turn(!this.isArranging));
        need(this.#bar, "[data-arranged]", HTMLButtonElement).addEventListener("click", () => this.#turn(false));
        need(this.#bar, "[data-forget-order]", HTMLButtonElement).addEventListener("click", () => this.onForgetOrder());
        need(this.#bar, "[data-delete-group]", HTMLButtonElement).addEventListener("click", () => this.onDelete());
        whenSubmitted(this.#rename, () => this.onRename(this.#name.value.trim()));
        whenSubmitted(add, () => {
            this.onAdd(added.value.trim());
            added.value = "";
        });
    }

    get isArranging() {
        return !this.#bar.hidden;
    }

    /**
     * @param {Preferences} chosen
     */
    show(chosen) {
        const names = chosen.groups.map(({ name }) => name);
        if (names.join("\n") !== this.#own.map(({ textContent }) => textContent).join("\n")) this.#make(names);
        for (const button of this.#list.querySelectorAll("[data-group]")) {
            if (button instanceof HTMLElement) button.setAttribute("aria-pressed", String(button.dataset.group === chosen.group));
        }
        const own = ownGroup(chosen);
        this.#rename.hidden = !own;
        if (this.#name !== document.activeElement) this.#name.value = own?.name ?? "";
        need(this.#bar, "[data-own-only]", HTMLElement).hidden = !own;
    }

    /**
     * @param {boolean} on
     */
    #turn(on) {
        const hadFocus = this.#bar.contains(document.activeElement);
        this.#bar.hidden = !on;
        this.#arrange.setAttribute("aria-pressed", String(on));
        if (hadFocus) this.#arrange.focus();
        this.onArrange(on);
    }

    /**
     * @param {readonly string[]} names
     */
    #make(names) {
        for (const button of this.#own) button.remove();
        this.#own = names.map((name) => {
            const button = document.createElement("button");
            button.type = "button";
            button.dataset.group = `own:${name}`;
            button.textContent = name;
            return button;
        });
        this.#list.append(...this.#own);
    }
}

/**
 * @param {HTMLFormElement} form
 * @param {() => void} act
 */
function whenSubmitted(form, act) {
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        act();
    });
}
