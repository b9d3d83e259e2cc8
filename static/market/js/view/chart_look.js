/**
 * The colours of the page as a canvas needs them, and when they change. A style sheet knows what they are (tokens.css):
 * here they are read from elements that wear them.
 *
 * @typedef {"up" | "down" | "text" | "line" | "surface" | "warning" | "alarm" | "focus" | "muted"} Tone
 * @typedef {Record<Tone, string>} Tones `rgb(…)`
 */

/** @type {readonly Tone[]} */
const NAMES = ["up", "down", "text", "line", "surface", "warning", "alarm", "focus", "muted"];

/**
 * @param {HTMLElement} element that holds one of each
 * @returns {Tones}
 */
export function readTones(element) {
    const tone = (/** @type {Tone} */ name) => {
        const wearer = element.querySelector(`[data-tone="${name}"]`);
        return wearer ? getComputedStyle(wearer).color : "gray";
    };
    return /** @type {Tones} */ (Object.fromEntries(NAMES.map((name) => [name, tone(name)])));
}

/**
 * @param {string} color `rgb(1, 2, 3)`
 * @param {number} share of its opacity
 */
export function faint(color, share) {
    const numbers = color.match(/[\d.]+/g)?.slice(0, 3) ?? ["128", "128", "128"];
    return `rgba(${numbers.join(", ")}, ${share})`;
}

/**
 * Calls after each change between light and dark, whoever made it.
 * @param {() => void} onChange
 */
export function watchLook(onChange) {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
    const attributeFilter = ["data-theme", "data-rise"];
    new MutationObserver(onChange).observe(document.documentElement, { attributes: true, attributeFilter });
}
