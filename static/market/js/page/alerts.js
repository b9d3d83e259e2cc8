/**
 * The pages of alerts, the list and the timeline: the server writes them anew when there is news.
 */
import { AlertDesk } from "../live/alert_desk.js";
import { need } from "../view/element.js";
import { renew } from "../view/alert_rows.js";
import { showLocalTimes } from "../view/local_time.js";
import { startAlerts } from "./start_alerts.js";
import { startLine } from "./start_line.js";

const GATHER = 150; // ms in which news are put together
const NO_PRICES = -1; // the rate of who is after alerts
const REST = 1000; // ms between two readings of the page

const page = need(document, "[data-alert-page]", HTMLElement);
/** @param {string | undefined} path */
const url = (path) => new URL(path ?? "", location.href);
const { socketUrl, eventsUrl, pricesUrl, workerUrl, newest } = page.dataset;
const reader = new AlertDesk(url(""), () => "");

let isDue = false;
let isReading = false;
async function read() {
    if (isReading) return;
    isReading = true;
    while (isDue) {
        isDue = false;
        await reader.page(location.href).then(
            (fresh) => renew(document, fresh),
            (error) => console.info("the page is read again later:", error),
        );
        await new Promise((resolve) => setTimeout(resolve, REST));
    }
    isReading = false;
}

function readSoon() {
    isDue = true;
    setTimeout(() => void read(), GATHER);
}

showLocalTimes(page);
const alerts = startAlerts();
let isLinked = false;
const places = { socket: url(socketUrl), events: url(eventsUrl), prices: url(pricesUrl) };
const line = startLine(
    { worker: url(workerUrl), places, rate: NO_PRICES },
    {
        onMessage: (message) => alerts.receive(message),
        onLink(link) {
            alerts.setLink(link);
            if (link.transport && !isLinked) readSoon();
            isLinked = link.transport !== "";
        },
    },
);
line.knowAlert(Number(newest));
alerts.onKnown = (known) => {
    line.knowAlert(known.newest);
    line.knowViewer(known.viewer);
};
alerts.onNews = readSoon;
