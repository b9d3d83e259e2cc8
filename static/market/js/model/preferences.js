/**
 * What a reader chose for the board, and what it is for everybody else. market/core/board_choice.py has the same fields.
 *
 * @import { Severity } from "../messages.js"
 *
 * @typedef {{ name: string, symbols: readonly string[] }} Group
 * @typedef {object} Preferences
 * @property {readonly string[]} favourites keys of rows
 * @property {readonly string[]} order keys of rows as the reader put them; what is not in it comes after them
 * @property {readonly Group[]} groups
 * @property {string} group that is shown: "all", "favourites", "quote:USDT", "own:Layer 1"
 * @property {readonly string[]} hidden columns
 * @property {"normal" | "dense"} density
 * @property {"full" | "compact"} view
 * @property {number} rate updates per second and symbol, 0 for each as it comes
 * @property {Severity} sound_from the least of what sounds
 * @property {Severity} notes_from
 * @property {"quiet" | "normal" | "loud"} loudness
 * @property {boolean} panel whether the panel of alerts is open
 *
 * @typedef {Partial<Preferences>} Chosen only what differs, or may differ, from DEFAULTS
 */

/** @type {Readonly<Preferences>} */
export const DEFAULTS = Object.freeze({
    favourites: [],
    order: [],
    groups: [],
    group: "all",
    hidden: [],
    density: "normal",
    view: "full",
    rate: 0,
    sound_from: "info",
    notes_from: "info",
    loudness: "normal",
    panel: false,
});
export const MOST_GROUPS = 20;
export const LONGEST_NAME = 40; // characters of a group's name

/** @type {readonly Severity[]} */
export const SEVERITIES = ["info", "warning", "critical"];
export const RATES = [0, 4, 1, 0.2];
export const COLUMNS = ["change_24h", "spark", "high_24h", "low_24h", "bid", "ask", "volume_24h", "quote_volume_24h", "at"];

/** @type {Record<keyof Preferences, (value: any) => boolean>} */
const FITS = {
    favourites: areTexts,
    order: areTexts,
    groups: (value) => Array.isArray(value) && value.every((each) => typeof each?.name === "string" && areTexts(each.symbols)),
    group: (value) => typeof value === "string",
    hidden: (value) => areTexts(value) && value.every((/** @type {string} */ name) => COLUMNS.includes(name)),
    density: (value) => value === "normal" || value === "dense",
    view: (value) => value === "full" || value === "compact",
    rate: (value) => RATES.includes(value),
    sound_from: (value) => SEVERITIES.includes(value),
    notes_from: (value) => SEVERITIES.includes(value),
    loudness: (value) => ["quiet", "normal", "loud"].includes(value),
    panel: (value) => typeof value === "boolean",
};

/**
 * What can be understood of something that was stored, maybe by another version.
 * @param {any} value
 * @returns {Chosen}
 */
export function readChosen(value) {
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(Object.entries(FITS).flatMap(([name, fits]) => (fits(value[name]) ? [[name, value[name]]] : [])));
}

/**
 * A reader who chose something on this device signs in. Nothing they collected is lost: favourites and groups of both
 * are kept, those of the account first. In all else the account decides, where it has decided, but for what the reader
 * did since it was asked.
 * @param {Chosen} account
 * @param {Chosen} device with what was done since
 * @param {Chosen} [since]
 * @returns {Chosen}
 */
export function merged(account, device, since = {}) {
    const both = { ...device, ...account, ...since };
    for (const name of /** @type {const} */ (["favourites", "order"])) {
        const keys = union(account[name], device[name]);
        if (keys.length) both[name] = keys;
    }
    const groups = joined(account.groups ?? [], device.groups ?? []);
    if (groups.length) both.groups = groups;
    return both;
}

/**
 * @param {readonly Group[]} ours
 * @param {readonly Group[]} theirs
 */
function joined(ours, theirs) {
    const others = theirs.filter(({ name }) => !ours.some((group) => group.name === name));
    const same = ours.map((group) => {
        const twin = theirs.find(({ name }) => name === group.name);
        return twin ? { ...group, symbols: union(group.symbols, twin.symbols) } : group;
    });
    return [...same, ...others].slice(0, MOST_GROUPS);
}

/**
 * @param {readonly string[]} [first]
 * @param {readonly string[]} [second]
 */
function union(first = [], second = []) {
    return [...new Set([...first, ...second])];
}

/**
 * @param {any} value
 */
function areTexts(value) {
    return Array.isArray(value) && value.every((each) => typeof each === "string");
}
