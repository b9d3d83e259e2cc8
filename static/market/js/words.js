/**
 * Words for people, in the language of the page. English is the key; the catalog comes from a script that base.html
 * loads before any module (market/words.py). Where there is none (English, node, a worker), the key itself is shown.
 *
 * @typedef {object} Words
 * @property {string} language such as "zh-hans"
 * @property {Record<string, string | string[]>} catalog key, or context, \u0004 and key -> words, or one for each plural
 * @property {(count: number) => number} plural which of them
 * @property {[string, string][]} [phrases] a regular expression of a sentence of the server, and the words for it
 */

const ENGLISH = { language: "en", catalog: {}, plural: (/** @type {number} */ count) => Number(count !== 1) };
const BETWEEN = "\u0004"; // a context and its key, as gettext joins them

/** @returns {Words} */
function words() {
    return /** @type {any} */ (globalThis).pricefeedWords ?? ENGLISH;
}

/**
 * @param {string} text
 */
export function gettext(text) {
    const found = words().catalog[text];
    return (Array.isArray(found) ? found[0] : found) || text;
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} count
 */
export function ngettext(one, many, count) {
    const { catalog, plural } = words();
    const found = catalog[one];
    if (Array.isArray(found)) return found[plural(count)] || many;
    return found || (count === 1 ? one : many);
}

/**
 * @param {string} context what tells this from the same words elsewhere
 * @param {string} text
 */
export function pgettext(context, text) {
    const key = context + BETWEEN + text;
    const found = gettext(key);
    return found === key ? text : found;
}

/**
 * Marks words that are translated later, by `gettext(variable)`.
 * @param {string} text
 */
export function gettext_noop(text) {
    return text;
}

/**
 * Fills in `%(name)s` from an object, or each `%s` from an array. Values are text already: digits are not touched.
 * @param {string} format
 * @param {Record<string, string | number> | readonly (string | number)[]} values
 */
export function interpolate(format, values) {
    if (Array.isArray(values)) {
        const left = [...values];
        return format.replace(/%s/g, () => String(left.shift()));
    }
    const named = /** @type {Record<string, string | number>} */ (values);
    return format.replace(/%\((\w+)\)s/g, (place, name) => (name in named ? String(named[name]) : place));
}

/** The language of these words, such as "en" or "zh-hans". */
export function language() {
    return words().language;
}

/** How the reader writes numbers and times: the page's language, as it is written where they are. */
export function locale() {
    const page = globalThis.document?.documentElement.lang || language();
    const main = page.split("-")[0];
    return (globalThis.navigator?.languages ?? []).find((each) => each.toLowerCase().split("-")[0] === main) ?? page;
}

/** @type {{ words: Words | null, known: [RegExp, string][] }} */
const compiled = { words: null, known: [] };
const LONG = ["what", "reason"]; // places that hold sentences

/**
 * A sentence of the server, which it writes in English to everybody, in the reader's language (market/phrases.py);
 * what is not known stays as it is.
 * @param {string} text
 * @returns {string}
 */
export function phrase(text) {
    for (const [pattern, format] of known()) {
        const match = pattern.exec(text);
        if (!match) continue;
        const values = Object.entries(match.groups ?? {});
        return interpolate(format, Object.fromEntries(values.map(([name, value]) => [name, LONG.includes(name) ? phrase(value) : value])));
    }
    return text;
}

function known() {
    const now = words();
    if (compiled.words !== now) {
        compiled.words = now;
        compiled.known = (now.phrases ?? []).map(([source, format]) => [new RegExp(`^(?:${source})$`), format]);
    }
    return compiled.known;
}
