/**
 * The stars of the rows, which make favourites. One of them can be reached by Tab, the others from there by arrow keys.
 */

/**
 * @param {HTMLElement} body of the table
 * @param {(key: string) => void} onStar
 */
export function watchStars(body, onStar) {
    body.addEventListener("click", ({ target }) => {
        const star = starOf(target);
        if (star) onStar(keyOf(star));
    });
    body.addEventListener("focusin", ({ target }) => {
        const star = starOf(target);
        if (star) reach(body, star);
    });
    body.addEventListener("keydown", (event) => {
        const star = starOf(event.target);
        const to = star && neighbour(star, event.key);
        if (!to) return;
        event.preventDefault();
        to.focus();
    });
}

/**
 * @param {HTMLElement} body
 * @param {ReadonlySet<string>} favourites keys of rows
 */
export function showStars(body, favourites) {
    for (const star of body.querySelectorAll("[data-star]")) {
        if (!(star instanceof HTMLElement)) continue;
        const on = String(favourites.has(keyOf(star)));
        if (star.getAttribute("aria-pressed") !== on) star.setAttribute("aria-pressed", on);
    }
    const first = body.querySelector("tr:not([hidden]) [data-star]");
    const reached = body.querySelector('tr:not([hidden]) [data-star][tabindex="0"]');
    if (!reached && first instanceof HTMLElement) reach(body, first);
}

/**
 * @param {HTMLElement} body
 * @param {HTMLElement} star
 */
function reach(body, star) {
    for (const other of body.querySelectorAll('[data-star][tabindex="0"]')) if (other !== star) other.setAttribute("tabindex", "-1");
    star.tabIndex = 0;
}

/**
 * @param {HTMLElement} star
 * @param {string} key
 */
function neighbour(star, key) {
    const step = { ArrowDown: /** @type {const} */ ("nextElementSibling"), ArrowUp: /** @type {const} */ ("previousElementSibling") }[key];
    let row = step && star.closest("tr")?.[step];
    while (step && row instanceof HTMLElement && row.hidden) row = row[step];
    const other = row?.querySelector("[data-star]");
    return other instanceof HTMLElement ? other : null;
}

/**
 * @param {EventTarget | null} target
 */
function starOf(target) {
    const star = target instanceof Element ? target.closest("[data-star]") : null;
    return star instanceof HTMLElement ? star : null;
}

/**
 * @param {HTMLElement} star
 */
function keyOf(star) {
    return star.closest("tr")?.dataset.key ?? "";
}
