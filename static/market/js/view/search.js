/**
 * The search field: typing filters, `/` goes to it, Escape empties it.
 */
import { need } from "./element.js";
import { gettext, interpolate, ngettext } from "../words.js";

/**
 * @param {HTMLElement} board
 * @param {(search: string) => void} onSearch
 * @returns {{ readonly text: string }} what is searched for now
 */
export function watchSearch(board, onSearch) {
    const field = need(board, "[data-search]", HTMLInputElement);
    const tell = () => onSearch(field.value.trim());
    field.addEventListener("input", tell);
    field.addEventListener("keydown", ({ key }) => {
        if (key !== "Escape" || !field.value) return;
        field.value = "";
        tell();
    });
    document.addEventListener("keydown", (event) => {
        if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
        event.preventDefault();
        field.focus();
        field.select();
    });
    return {
        get text() {
            return field.value.trim();
        },
    };
}

/**
 * How many of how many rows are left.
 * @param {HTMLElement} board
 * @param {number} found
 * @param {number} all
 */
export function showCount(board, found, all) {
    const words = interpolate(ngettext("%(count)s symbol", "%(count)s symbols", all), { count: all });
    const part = interpolate(gettext("%(found)s of %(all)s"), { found, all: words });
    need(board, "[data-count]", HTMLElement).textContent = found === all ? words : part;
    need(board, "[data-nothing]", HTMLElement).hidden = found > 0 || all === 0;
}

/**
 * @param {EventTarget | null} target
 */
function isTyping(target) {
    return target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);
}
