/**
 * The heads of the table as buttons that sort. The order stays until it is asked for anew.
 *
 * @import { Column, Order } from "../model/order.js"
 */
import { nextOrder } from "../model/order.js";
import { need } from "./element.js";
import { gettext, interpolate } from "../words.js";

/**
 * @param {HTMLElement} board
 * @param {(order: Order | null) => void} onOrder
 */
export function watchSorting(board, onOrder) {
    const heads = need(board, "[data-price-table] thead", HTMLTableSectionElement);
    const announcement = need(board, "[data-announce]", HTMLElement);
    /** @type {Order | null} */
    let order = null;
    const unmark = () => {
        for (const other of heads.querySelectorAll("th")) other.removeAttribute("aria-sort");
    };
    heads.addEventListener("click", ({ target }) => {
        const head = target instanceof Element && target.closest("button") ? target.closest("th[data-column]") : null;
        if (!(head instanceof HTMLElement)) return;
        order = nextOrder(order, /** @type {Column} */ (head.dataset.column));
        unmark();
        if (order) head.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
        announcement.textContent = sentence(head.textContent?.trim() ?? "", order);
        onOrder(order);
    });
    return {
        /** No column any more, without a word. */
        clear() {
            order = null;
            unmark();
        },
    };
}

/**
 * @param {string} name
 * @param {Order | null} order
 */
function sentence(name, order) {
    if (!order) return gettext("In the order of the board");
    const words = order.descending ? gettext("Sorted by %(name)s, largest first") : gettext("Sorted by %(name)s, smallest first");
    return interpolate(words, { name });
}
