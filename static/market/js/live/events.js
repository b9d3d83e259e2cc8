/**
 * Prices over server-sent events.
 *
 * EventSource comes back by itself after some errors and not after others, and tells neither when nor why; so the first
 * error ends it and the ladder decides. Nothing can be asked over it: a short poll beside it gives the sign of life.
 *
 * @import { Connection, Hooks, Rung } from "./rung.js"
 * @import { Message } from "../messages.js"
 */
import { checkBeside } from "./poll.js";
import { hear, withQuery } from "./rung.js";

/**
 * @param {URL} url
 * @param {URL} pollUrl
 * @returns {Rung}
 */
export function eventsRung(url, pollUrl) {
    return { name: "SSE", connect: (cursor, hooks) => open(url, pollUrl, cursor, hooks) };
}

/**
 * @param {URL} url
 * @param {URL} pollUrl
 * @param {string} cursor
 * @param {Hooks} hooks
 * @returns {Connection}
 */
function open(url, pollUrl, cursor, hooks) {
    const source = new EventSource(withQuery(url, { since: cursor }));
    const checking = new AbortController();
    let read = cursor;
    /** @param {string} type @param {(data: any) => Message} message */
    const on = (type, message) => source.addEventListener(type, ({ data }) => hear(hooks, data, message));
    on("connected", (data) => ({ type: "connected", ...data }));
    on("status", (data) => ({ type: "status", ...data }));
    on("symbols", (data) => ({ type: "symbols", ...data }));
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
