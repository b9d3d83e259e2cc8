/**
 * Prices over server-sent events.
 *
 * EventSource comes back by itself after some errors and not after others, and tells neither when nor why; so the first
 * error ends it and the ladder decides. Nothing can be asked over it: a short poll beside it gives the sign of life.
 *
 * @import { Connection, Hooks, Place, Rung } from "./rung.js"
 * @import { Message } from "../messages.js"
 */
import { checkBeside } from "./poll.js";
import { hear, placeWords, withQuery } from "./rung.js";

/**
 * @param {URL} url
 * @param {URL} pollUrl
 * @returns {Rung}
 */
export function eventsRung(url, pollUrl) {
    return { name: "SSE", connect: (place, hooks) => open(url, pollUrl, place, hooks) };
}

/**
 * @param {URL} url
 * @param {URL} pollUrl
 * @param {Place} place
 * @param {Hooks} hooks
 * @returns {Connection}
 */
function open(url, pollUrl, place, hooks) {
    const source = new EventSource(withQuery(url, placeWords(place)));
    const checking = new AbortController();
    let read = place.cursor;
    /** @param {string} type @param {(data: any) => Message} message */
    const on = (type, message) => source.addEventListener(type, ({ data }) => hear(hooks, data, message));
    on("connected", (data) => ({ type: "connected", ...data }));
    on("status", (data) => ({ type: "status", ...data }));
    on("symbols", (data) => ({ type: "symbols", ...data }));
    on("alert", (data) => ({ type: "alert", alert: data.alert ?? data }));
    on("alerts_skipped", (data) => ({ type: "alerts_skipped", ...data }));
    on("acked", (data) => ({ type: "acked", ...data }));
    on("snoozed", (data) => ({ type: "snoozed", ...data }));
    on("candle", (data) => ({ type: "candle", ...data }));
    on("thresholds", (data) => ({ type: "thresholds", ...data }));
    on("heartbeat", () => ({ type: "heartbeat" }));
    source.addEventListener("price", ({ data, lastEventId }) => {
        read = lastEventId;
        hear(hooks, data, (quote) => ({ type: "price_update", cursor: read, data: [quote] }));
    });
    source.onerror = () => hooks.lost({ reason: "the event stream broke" });
    return {
        check: () => void checkBeside(pollUrl, () => read, checking.signal, hooks),
        close() {
            source.close();
            checking.abort();
        },
    };
}
