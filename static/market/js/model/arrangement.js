/**
 * The reader's own order of rows, and which of them a group has. Pure: lists in, lists out.
 *
 * @import { Group, Preferences } from "./preferences.js"
 *
 * @typedef {object} Own what decides where a row stands as long as no column is sorted by
 * @property {ReadonlySet<string>} favourites keys of rows; these stand first
 * @property {ReadonlyMap<string, number>} ranks by key
 */

/** @type {Own} */
export const BOARD = { favourites: new Set(), ranks: new Map() };

/**
 * @param {Pick<Preferences, "favourites" | "order">} preferences
 * @returns {Own}
 */
export function ownOrder({ favourites, order }) {
    return { favourites: new Set(favourites), ranks: new Map(order.map((key, rank) => [key, rank])) };
}

/**
 * Negative when `a` stands before `b`, 0 when the reader did not say.
 * @param {string} a
 * @param {string} b
 * @param {Own} own
 */
export function compareOwn(a, b, { favourites, ranks }) {
    const liked = Number(favourites.has(b)) - Number(favourites.has(a));
    if (liked) return liked;
    const first = ranks.get(a) ?? Infinity;
    const second = ranks.get(b) ?? Infinity;
    return first === second ? 0 : first - second;
}

/**
 * All keys with `key` right before or behind `other`.
 * @param {readonly string[]} keys as they stand
 * @param {string} key
 * @param {{ other: string, behind: boolean }} place
 */
export function moved(keys, key, { other, behind }) {
    if (key === other) return [...keys];
    const rest = keys.filter((each) => each !== key);
    const at = rest.indexOf(other);
    if (at < 0) return [...keys];
    rest.splice(at + Number(behind), 0, key);
    return rest;
}

/**
 * @template T
 * @param {readonly T[]} list
 * @param {T} item
 * @returns {T[]} without the item, or with it at the end
 */
export function toggled(list, item) {
    return list.includes(item) ? list.filter((each) => each !== item) : [...list, item];
}

/**
 * Whether a row belongs to the group that is shown. A group that is no more counts as all.
 * @param {Pick<Preferences, "group" | "groups" | "favourites">} preferences
 * @returns {(row: { key: string, quote: string }) => boolean}
 */
export function memberOf({ group, groups, favourites }) {
    const [kind, name] = split(group);
    if (kind === "favourites") return ({ key }) => favourites.includes(key);
    if (kind === "quote") return ({ quote }) => quote === name;
    const own = kind === "own" ? groups.find((each) => each.name === name) : undefined;
    if (!own) return () => true;
    const symbols = new Set(own.symbols);
    return ({ key }) => symbols.has(key);
}

/**
 * The reader's own group that is shown, or none.
 * @param {Pick<Preferences, "group" | "groups">} preferences
 * @returns {Group | undefined}
 */
export function ownGroup({ group, groups }) {
    const [kind, name] = split(group);
    return kind === "own" ? groups.find((each) => each.name === name) : undefined;
}

/**
 * @param {string} group
 * @returns {[string, string]}
 */
function split(group) {
    const at = group.indexOf(":");
    return at < 0 ? [group, ""] : [group.slice(0, at), group.slice(at + 1)];
}
