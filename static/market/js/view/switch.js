/**
 * A button that is on or off and remembers it in this browser: nothing is on before somebody clicked it.
 */
import { need } from "./element.js";

const ON = "on";

export class Switch {
    #button;
    #name;

    /** Called with what the reader chose just now; the answer says whether it may be so. */
    onTurn = (/** @type {boolean} */ _on) => Promise.resolve(true);

    /**
     * @param {Document} document
     * @param {string} name of the button's `data-switch`, and of what is remembered
     */
    constructor(document, name) {
        this.#button = need(document, `[data-switch="${name}"]`, HTMLButtonElement);
        this.#name = `pricefeed.${name}`;
        this.#press(recall(this.#name) === ON);
        this.#button.addEventListener("click", () => void this.#turn(!this.isOn));
    }

    get isOn() {
        return this.#button.getAttribute("aria-pressed") === "true";
    }

    /**
     * Why it cannot be on, or nothing.
     * @param {string} words
     */
    object(words) {
        this.#press(false);
        this.#button.title = words;
        this.#button.dataset.objection = "";
        need(this.#button, "[data-objection-words]", HTMLElement).textContent = `: ${words}`;
    }

    /**
     * @param {boolean} on
     */
    async #turn(on) {
        this.#press(on);
        if (!(await this.onTurn(on))) this.#press(false);
        remember(this.#name, this.isOn ? ON : null);
    }

    /**
     * @param {boolean} on
     */
    #press(on) {
        this.#button.setAttribute("aria-pressed", String(on));
    }
}

/**
 * @param {string} name
 */
function recall(name) {
    try {
        return localStorage.getItem(name);
    } catch (error) {
        console.info(`${name} cannot be read:`, error); // a browser may forbid to remember anything
        return null;
    }
}

/**
 * @param {string} name
 * @param {string | null} value
 */
function remember(name, value) {
    try {
        if (value) localStorage.setItem(name, value);
        else localStorage.removeItem(name);
    } catch (error) {
        console.info(`${name} cannot be kept:`, error);
    }
}
