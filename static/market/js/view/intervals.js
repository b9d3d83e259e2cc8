/**
 * The choice of an interval: links of the server's page, which here need no other page.
 */
import { need } from "./element.js";

/**
 * @param {HTMLElement} page
 * @param {(interval: string) => void} onChoose
 */
export function watchIntervals(page, onChoose) {
    const nav = need(page, "[data-intervals]", HTMLElement);
    nav.addEventListener("click", (event) => {
        const link = event.target instanceof Element ? event.target.closest("a[data-interval]") : null;
        if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        for (const each of nav.querySelectorAll("[aria-current]")) each.removeAttribute("aria-current");
        link.setAttribute("aria-current", "true");
        history.replaceState(null, "", link.href);
        onChoose(link.dataset.interval ?? "");
    });
}

/**
 * @param {HTMLElement} page
 * @param {{ onNewest: () => void, onFit: () => void }} presses
 */
export function watchButtons(page, { onNewest, onFit }) {
    need(page, "[data-chart-now]", HTMLButtonElement).addEventListener("click", onNewest);
    need(page, "[data-chart-fit]", HTMLButtonElement).addEventListener("click", onFit);
}
