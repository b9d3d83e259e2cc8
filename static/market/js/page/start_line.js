/**
 * The one connection that all open pages share: in a SharedWorker, else in one of the pages, else in each.
 *
 * @import { Message } from "../messages.js"
 * @import { Link } from "../model/freshness.js"
 * @import { Wanted } from "../live/listening.js"
 * @import { OpenLine } from "../live/subscription.js"
 * @import { Places } from "./ladder.js"
 */
import { ledLine, ownLine } from "../live/leader.js";
import { Subscription } from "../live/subscription.js";
import { Switchboard } from "../live/switchboard.js";
import { watchPage } from "../live/wake.js";
import { browserClock, ladderOf } from "./ladder.js";

const NAME = "pricefeed 2"; // counts up when pages say something else to each other: two versions may be open

/**
 * @param {{ worker: URL, places: Places } & Wanted} line
 * @param {{ onMessage: (message: Message) => void, onLink: (link: Link) => void }} listener
 */
export function startLine({ worker, places, ...wanted }, listener) {
    const make = () => new Switchboard({ start: (each) => ladderOf(places, { cursor: "", ...each }), clock: browserClock });
    const ways = [ownLine(make)];
    if (navigator.locks && "BroadcastChannel" in window) ways.unshift(ledLine(NAME, make, browser()));
    if ("SharedWorker" in window) ways.unshift(sharedLine(worker, places));
    const subscription = new Subscription({ ways, clock: browserClock, wanted, ...listener });
    watchPage(window, subscription);
    return subscription;
}

function browser() {
    return { locks: navigator.locks, channel: (/** @type {string} */ name) => new BroadcastChannel(name), id: pageId() };
}

/** Not a secret: only two pages must not have the same. */
function pageId() {
    return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
}

/**
 * Pages of another version have another address, and so another worker.
 * @param {URL} address
 * @param {Places} places
 * @returns {OpenLine}
 */
function sharedLine(address, places) {
    return (hear, broken) => {
        const url = new URL(address);
        for (const [name, place] of Object.entries(places)) url.searchParams.set(name, place.pathname + place.search);
        const worker = new SharedWorker(url, { type: "module", name: NAME });
        worker.onerror = broken;
        worker.port.onmessage = ({ data }) => hear(data);
        return { post: (wish) => worker.port.postMessage(wish), close: () => closeLater(worker.port) };
    };
}

/**
 * What was posted last should arrive.
 * @param {MessagePort} port
 */
function closeLater(port) {
    port.onmessage = null;
    setTimeout(() => port.close(), 0);
}
