/**
 * The page of the status: read again every few seconds while somebody looks at it.
 */
import { readPage } from "../live/page_reader.js";
import { need } from "../view/element.js";
import { showLocalTimes } from "../view/local_time.js";
import { renewParts } from "../view/renewed.js";

const EVERY = 3000; // ms
const SPREAD = 0.2; // of that, so that open pages do not ask at once

const lost = need(document, "[data-lost]", HTMLElement);

async function renew() {
    if (!document.hidden) {
        try {
            renewParts(document, await readPage(location.href));
            lost.hidden = true;
        } catch (error) {
            console.info("the status is read again later:", error);
            lost.hidden = false;
        }
    }
    setTimeout(() => void renew(), EVERY * (1 + SPREAD * Math.random()));
}

showLocalTimes(document);
setTimeout(() => void renew(), EVERY);
document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void readPage(location.href).then((fresh) => renewParts(document, fresh), console.info);
});
