/**
 * In which order rows stand, and which of them a search finds.
 *
 * @import { Own } from "./arrangement.js"
 * @import { Line } from "./prices.js"
 * @import { NumberName } from "../messages.js"
 *
 * @typedef {NumberName | "symbol" | "at"} Column
 * @typedef {{ column: Column, descending: boolean }} Order
 * @typedef {object} Sortable
 * @property {string} key
 * @property {string} symbol
 * @property {number} position
 * @property {Line | undefined} line
 */
import { BOARD, compareOwn } from "./arrangement.js";
import { compare } from "./decimal.js";

/**
 * The order after one more click on a column's head: first its natural way, then the other, then the board's own (null).
 * @param {Order | null} order
 * @param {Column} column
 * @returns {Order | null}
 */
export function nextOrder(order, column) {
    const naturally = column !== "symbol"; // names from A, numbers from the largest
    if (order?.column !== column) return { column, descending: naturally };
    return order.descending === naturally ? { column, descending: !naturally } : null;
}

/**
 * A copy in order; rows without a value stand last in both directions, equal ones keep the order of the board, which is
 * the reader's own as far as there is one.
 * @template {Sortable} Row
 * @param {readonly Row[]} rows
 * @param {Order | null} order
 * @param {Own} [own]
 * @returns {Row[]}
 */
export function sorted(rows, order, own = BOARD) {
    const inBoardOrder = [...rows].sort((a, b) => compareOwn(a.key, b.key, own) || a.position - b.position || byName(a, b));
    if (!order) return inBoardOrder;
    const sign = order.descending ? -1 : 1;
    if (order.column === "symbol") return inBoardOrder.sort((a, b) => sign * byName(a, b));
    const { column } = order;
    return inBoardOrder.sort((a, b) => byValue(valueOf(a, column), valueOf(b, column), sign));
}

/**
 * Whether a row is found: every word typed is in one of the names.
 * @param {string} search
 * @param {readonly string[]} names
 */
export function matches(search, names) {
    const haystack = names.join(" ").toLocaleLowerCase();
    return search.toLocaleLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}

/**
 * @param {Sortable} a
 * @param {Sortable} b
 */
function byName(a, b) {
    return a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0;
}

/**
 * @param {string | undefined} a
 * @param {string | undefined} b
 * @param {number} sign
 */
function byValue(a, b, sign) {
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    return sign * compare(a, b);
}

/**
 * @param {Sortable} row
 * @param {NumberName | "at"} column
 */
function valueOf({ line }, column) {
    if (column !== "at") return line?.numbers[column];
    return line?.at ? String(line.at) : undefined;
}
