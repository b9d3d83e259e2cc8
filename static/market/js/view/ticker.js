/**
 * The head of a symbol's page: its price, its day, its best offers, and how old they are.
 *
 * @import { Line } from "../model/prices.js"
 * @import { NumberName } from "../messages.js"
 */
import { age, localDateTime, percent, price, volume } from "../model/format.js";
import { gettext } from "../words.js";
import { need } from "./element.js";
import { signOf } from "./legend.js";

export class Ticker {
    #page;
    #head;
    #price;
    #change;
    #mark;
    #time;
    #digits;
    /** @type {Map<NumberName, HTMLElement>} */
    #facts = new Map();
    #moves = 0;

    halted = false;
    silent = false;

    /**
     * @param {HTMLElement} page
     * @param {number | null} digits
     */
    constructor(page, digits) {
        this.#page = page;
        this.#head = need(page, "[data-ticker]", HTMLElement);
        this.#price = need(this.#head, "[data-price]", HTMLElement);
        this.#change = need(this.#head, "[data-change]", HTMLElement);
        this.#mark = need(this.#head, "[data-mark-words]", HTMLElement);
        this.#time = need(this.#head, "[data-changed]", HTMLTimeElement);
        this.#digits = digits;
        for (const fact of page.querySelectorAll("[data-fact]")) {
            if (fact instanceof HTMLElement) this.#facts.set(/** @type {NumberName} */ (fact.dataset.fact), fact);
        }
    }

    /**
     * @param {Line | undefined} line
     * @param {number} now
     */
    show(line, now) {
        this.#label(line);
        if (!line) return;
        const shown = line.test?.quote ?? line.numbers;
        const change = percent(shown.change_24h);
        write(this.#price, price(shown.price, this.#digits));
        write(this.#change, change);
        this.#change.dataset.sign = signOf(change);
        for (const [name, place] of this.#facts) this.#showFact(place, name, line.numbers[name]);
        if (line.moves !== this.#moves) {
            this.#moves = line.moves;
            this.#price.dataset.direction = line.direction;
            this.#price.dataset.beat = String(line.moves % 2);
        }
        this.#time.dateTime = line.timestamp;
        this.#time.title = line.timestamp ? localDateTime(Date.parse(line.timestamp)) : "";
        this.showAge(line, now);
    }

    /**
     * @param {Line | undefined} line
     * @param {number} now
     */
    showAge(line, now) {
        if (line?.at) write(this.#time, age(now - line.at));
    }

    /**
     * What a tab says while the reader is elsewhere.
     * @param {Line | undefined} line
     */
    title(line) {
        const name = need(this.#page, "h1", HTMLElement).textContent ?? "";
        return line?.numbers.price ? `${price(line.numbers.price, this.#digits)} ${name} \u00b7 pricefeed` : `${name} \u00b7 pricefeed`;
    }

    /**
     * @param {Line | undefined} line
     */
    #label(line) {
        const [kind, words] = line?.test
            ? ["test", gettext("TEST")]
            : this.halted
              ? ["halted", gettext("halted")]
              : line?.numbers.price === undefined
                ? ["empty", gettext("no data yet")]
                : this.silent
                  ? ["silent", gettext("no updates")]
                  : ["", ""];
        if (this.#head.dataset.mark !== kind) this.#head.dataset.mark = kind;
        write(this.#mark, words);
    }

    /**
     * @param {HTMLElement} place
     * @param {NumberName} name
     * @param {string | undefined} text
     */
    #showFact(place, name, text) {
        write(place, name.includes("volume") ? volume(text) : price(text, this.#digits));
        if (place.title !== (text ?? "")) place.title = text ?? "";
    }
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
