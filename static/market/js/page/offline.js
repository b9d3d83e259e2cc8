/**
 * The page that the service worker shows while the server cannot be reached: since when, and back as soon as it can.
 */
import { localDateTime } from "../model/format.js";
import { need } from "../view/element.js";

const AGAIN = 5000; // ms between two tries
const PATIENCE = 4000; // ms
const NOTES = "pricefeed-notes"; // of page/offline_worker.js
const SINCE = "/since";

const page = need(document, "[data-offline]", HTMLElement);

async function showSince() {
    const note = await (await caches.open(NOTES)).match(SINCE);
    const since = note ? Number(await note.text()) : 0;
    if (!since) return;
    const line = need(page, "[data-offline-since]", HTMLElement);
    const time = need(line, "time", HTMLTimeElement);
    time.dateTime = new Date(since).toISOString();
    time.textContent = localDateTime(since);
    line.hidden = false;
}

async function tryAgain() {
    const question = { cache: /** @type {const} */ ("no-store"), signal: AbortSignal.timeout(PATIENCE) };
    const isBack = await fetch(page.dataset.statusUrl ?? "", question).then(
        ({ ok }) => ok,
        () => false,
    );
    if (isBack) location.reload();
}

window.addEventListener("online", () => void tryAgain());
setInterval(() => void tryAgain(), AGAIN);
showSince().catch((error) => console.info("since when is not known:", error));
