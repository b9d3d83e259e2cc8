/**
 * Alerts outside of the page, as the system shows them. The browser is asked for it only in the course of a click.
 *
 * @import { Alert } from "../messages.js"
 */
import { gettext, phrase } from "../words.js";

/**
 * Asks the reader; answers why it cannot be, empty when it can.
 * @returns {Promise<string>}
 */
export async function askForNotes() {
    if (!("Notification" in window)) return gettext("this browser has no notifications for pages like this");
    const answer = await Notification.requestPermission();
    return answer === "granted" ? "" : gettext("the browser does not allow notifications for this site");
}

/**
 * One note, unless somebody looks at the page; several open pages show it once.
 * @param {Alert} alert
 * @param {string} address of its own page
 */
export function showNote(alert, address) {
    if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
    try {
        const options = { body: phrase(alert.text), tag: `pricefeed-alert-${alert.id}` };
        const note = new Notification(`${phrase(alert.severity)}: ${alert.symbol || "pricefeed"}`, options);
        note.onclick = () => {
            window.focus();
            location.assign(address);
        };
    } catch (error) {
        console.info("no notification:", error); // some phones have them for service workers only
    }
}
