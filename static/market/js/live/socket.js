/**
 * Prices over a WebSocket.
 *
 * @import { Connection, Hooks, Loss, Place, Rung } from "./rung.js"
 */
import { hear, placeWords, withQuery } from "./rung.js";

const LEAVE_ALONE = 30 * 1000; // ms after the server said that we break its rules
const EACH = 10_000; // updates per second, of which the server makes "each as it comes"

/** @type {Record<number, Loss>} */
const LOSSES = {
    1001: { reason: "the server is going away" },
    1008: { reason: "the server closed the connection for breaking its rules", wait: LEAVE_ALONE },
    1012: { reason: "the server is restarting" },
    1013: { reason: "the server has too many visitors", wait: LEAVE_ALONE },
    4401: { reason: "the server asks for a sign-in", refused: true },
    4403: { reason: "the server does not allow this page to connect", refused: true },
};

/**
 * @param {URL} url with the scheme of the page; ws or wss follows from it
 * @returns {Rung}
 */
export function socketRung(url) {
    return { name: "WebSocket", connect: (place, hooks) => open(url, place, hooks) };
}

/**
 * @param {URL} url
 * @param {Place} place
 * @param {Hooks} hooks
 * @returns {Connection}
 */
function open(url, place, hooks) {
    const address = withQuery(url, placeWords(place));
    address.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    let asked = 0;
    let carried = place.candles;
    socket.onmessage = ({ data }) => hear(hooks, data, (message) => message);
    socket.onclose = ({ code }) => hooks.lost(LOSSES[code] ?? { reason: "the connection to the server broke" });
    return {
        check() {
            asked += 1;
            if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "ping", id: asked }));
        },
        pace() {
            if (socket.readyState !== WebSocket.OPEN) return false;
            const words = [{ type: "subscribe", symbols: [], max_rate: place.rate || EACH }, ...changes(carried, place.candles)];
            for (const each of words) socket.send(JSON.stringify(each));
            carried = place.candles;
            return true;
        },
        close() {
            socket.onmessage = null;
            socket.onclose = null;
            socket.close();
        },
    };
}

/**
 * What has to be said so that other candles come; prices go on as they are, for they are of all symbols.
 * @param {readonly string[]} before
 * @param {readonly string[]} now
 */
function changes(before, now) {
    const ended = before.filter((word) => !now.includes(word));
    const begun = now.filter((word) => !before.includes(word));
    return [...messages("unsubscribe", ended), ...messages("subscribe", begun)];
}

/**
 * One message for each interval.
 * @param {"subscribe" | "unsubscribe"} type
 * @param {readonly string[]} words
 */
function messages(type, words) {
    const pairs = words.map((word) => word.split("@"));
    const intervals = [...new Set(pairs.map(([, interval]) => interval))];
    const symbols = (/** @type {string} */ wanted) => pairs.filter(([, interval]) => interval === wanted).map(([name]) => name);
    return intervals.map((interval) => ({ type, symbols: symbols(interval), candles: [interval] }));
}
