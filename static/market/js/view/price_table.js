/**
 * The table of prices: which rows there are, in which order they stand, which of them a search leaves.
 *
 * @import { Listing } from "../messages.js"
 * @import { Line } from "../model/prices.js"
 */
import { matches } from "../model/order.js";
import { keyOf } from "../model/prices.js";
import { need } from "./element.js";
import { PriceRow } from "./price_row.js";

export class PriceTable {
    #body;
    #template;
    /** @type {Map<string, PriceRow>} */
    #rows = new Map();

    /**
     * @param {HTMLElement} board
     */
    constructor(board) {
        this.#body = need(board, "[data-price-table] tbody", HTMLTableSectionElement);
        this.#template = need(board, "[data-row-template]", HTMLTemplateElement);
        for (const element of this.#body.rows) {
            const row = new PriceRow(element);
            this.#rows.set(row.key, row);
        }
    }

    get rows() {
        return [...this.#rows.values()];
    }

    get keys() {
        return this.#rows.keys();
    }

    /**
     * Makes the rows be those of the list. New ones come last: the others stay where the reader has them.
     * @param {readonly Listing[]} listings
     * @returns {boolean} whether rows came or went
     */
    list(listings) {
        const gone = new Set(this.#rows.keys());
        let isOther = false;
        for (const listing of listings) {
            const key = keyOf(listing);
            if (!gone.delete(key)) isOther = true;
            const row = this.#rows.get(key) ?? this.#append();
            row.list(listing);
            this.#rows.set(key, row);
        }
        for (const key of gone) this.#remove(key);
        return isOther || gone.size > 0;
    }

    /**
     * @param {Iterable<string>} keys
     * @param {(key: string) => Line | undefined} lineOf
     */
    show(keys, lineOf) {
        for (const key of keys) this.#rows.get(key)?.show(lineOf(key));
    }

    /**
     * @param {(key: string) => Line | undefined} lineOf
     * @param {number} now
     */
    showAges(lineOf, now) {
        for (const [key, row] of this.#rows) row.showAge(lineOf(key), now);
    }

    /**
     * Puts marks on rows by the names of symbols; answers the keys of the rows concerned.
     * @param {{ halted: ReadonlySet<string>, silent: ReadonlySet<string> }} named
     */
    mark({ halted, silent }) {
        const concerned = [];
        for (const [key, row] of this.#rows) {
            if (row.halted === halted.has(row.symbol) && row.silent === silent.has(row.symbol)) continue;
            row.halted = halted.has(row.symbol);
            row.silent = silent.has(row.symbol);
            concerned.push(key);
        }
        return concerned;
    }

    /**
     * Moves only the rows that are not in their place already.
     * @param {readonly PriceRow[]} rows
     */
    arrange(rows) {
        let next = this.#body.firstElementChild;
        for (const { element } of rows) {
            if (element === next) next = next.nextElementSibling;
            else this.#body.insertBefore(element, next);
        }
    }

    /**
     * Leaves the rows that a search finds; answers how many.
     * @param {string} search
     */
    filter(search) {
        let found = 0;
        for (const row of this.#rows.values()) {
            row.element.hidden = !matches(search, row.names);
            found += Number(!row.element.hidden);
        }
        return found;
    }

    #append() {
        const copy = document.importNode(this.#template.content, true);
        const row = new PriceRow(need(copy, "tr", HTMLTableRowElement));
        this.#body.append(copy);
        return row;
    }

    /**
     * @param {string} key
     */
    #remove(key) {
        this.#rows.get(key)?.element.remove();
        this.#rows.delete(key);
    }
}
