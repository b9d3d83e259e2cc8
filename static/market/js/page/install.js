/**
 * The service worker: makes the board installable, and tells when the connection was lost to whoever reloads without one.
 *
 * @import { Link } from "../model/freshness.js"
 */

/**
 * @param {string} address
 */
export function install(address) {
    if (!("serviceWorker" in navigator)) return;
    const register = () => navigator.serviceWorker.register(address, { scope: "/", updateViaCache: "none" });
    const start = () => register().catch((error) => console.info("no service worker:", error));
    if (document.readyState === "complete") void start();
    else window.addEventListener("load", () => void start(), { once: true });
}

/**
 * @param {Link} link
 */
export function noteLoss({ transport, lostAt }) {
    if (!transport && lostAt) navigator.serviceWorker?.controller?.postMessage({ lostAt });
}
