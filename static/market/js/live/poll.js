/**
 * Prices by asking: long polls, which the server answers when something is newer, and short ones for networks
 * that let nothing last.
 *
 * @import { Connection, Hooks, Loss, Place, Rung } from "./rung.js"
 * @import { Alert, Prices, Status } from "../messages.js"
 *
 * @typedef {{ prices: Prices, status: Status, alerts: Alert[], skipped: number }} Answer
 */
import { parse } from "../model/exact_json.js";
import { placeWords, withQuery } from "./rung.js";

const LONG_WAIT = 25; // s the server may hold a long poll
const SHORT_PAUSE = 1500; // ms between short polls
const PATIENCE = 5000; // ms beyond the time the server may take
const NOTHING = { cursor: "", alert: "", rate: 0, candles: [] }; // no candles: an answer cannot carry them
const OVERTAKING = 500; // ms by which a check may be faster than the stream beside it

/**
 * @param {URL} url
 * @returns {Rung}
 */
export function longPollRung(url) {
    return { name: "long poll", connect: (place, hooks) => poll(url, place, hooks, { wait: LONG_WAIT, pause: 0 }) };
}

/**
 * @param {URL} url
 * @param {number} [pause] ms between two questions
 * @returns {Rung}
 */
export function shortPollRung(url, pause = SHORT_PAUSE) {
    return { name: "poll", connect: (place, hooks) => poll(url, place, hooks, { wait: 0, pause }) };
}

/**
 * Asks beside a way that cannot be asked itself. News that it did not bring meanwhile mean that it is dead though it
 * stands open; no answer at all is left to the ladder's deadline.
 * @param {URL} url
 * @param {() => string} read the cursor that the way beside has reached
 * @param {AbortSignal} signal
 * @param {Hooks} hooks
 */
export async function checkBeside(url, read, signal, hooks) {
    const before = read();
    const answer = await askOnce(url, { place: { ...NOTHING, cursor: before } }, signal);
    if (signal.aborted || "reason" in answer) return;
    if (answer.prices.data.length) await pauseFor(OVERTAKING, signal);
    if (signal.aborted) return;
    if (answer.prices.data.length && read() === before) hooks.lost({ reason: "the server's answers fell silent" });
    else hooks.message(answer.status);
}

/**
 * @param {URL} url
 * @param {Place} place
 * @param {Hooks} hooks
 * @param {{ wait: number, pause: number }} pace `wait` in s, `pause` in ms
 * @returns {Connection}
 */
function poll(url, place, hooks, { wait, pause }) {
    const stopping = new AbortController();
    const { signal } = stopping;
    let { cursor, alert } = place;
    const run = async () => {
        let patience = 0; // the first answer comes at once: it shows that this way works
        while (!signal.aborted) {
            const answer = await askOnce(url, { place: { ...NOTHING, cursor, alert: later(place.alert, alert) }, wait: patience }, signal);
            if (signal.aborted) return;
            if ("reason" in answer) return hooks.lost(answer);
            cursor = answer.prices.cursor;
            patience = wait;
            hooks.message(answer.status);
            hooks.message(answer.prices);
            if (answer.skipped) hooks.message({ type: "alerts_skipped", count: answer.skipped });
            for (const news of answer.alerts) {
                alert = later(alert, String(news.id));
                hooks.message({ type: "alert", alert: news });
            }
            const rest = Math.max(pause, place.rate && 1000 / place.rate); // the rate may have changed meanwhile
            if (rest) await pauseFor(rest, signal);
        }
    };
    void run();
    return {
        check() {
            if (wait) void checkBeside(url, () => cursor, signal, hooks); // a short poll asks anyway
        },
        pace: () => true,
        close: () => stopping.abort(),
    };
}

/**
 * The later of two ids of alerts, "" for none.
 * @param {string} one
 * @param {string} other
 */
function later(one, other) {
    return !one || Number(other) > Number(one) ? other : one;
}

/**
 * One question; never throws.
 * @param {URL} url
 * @param {{ place: Place, wait?: number }} question `wait` in s
 * @param {AbortSignal} signal
 * @returns {Promise<Answer | Loss>}
 */
async function askOnce(url, { place, wait = 0 }, signal) {
    const patience = AbortSignal.timeout(wait * 1000 + PATIENCE);
    const address = withQuery(url, { ...placeWords(place), wait: wait && place.cursor ? String(wait) : "" });
    try {
        const response = await fetch(address, { signal: AbortSignal.any([signal, patience]), cache: "no-store" });
        return response.ok ? answerOf(parse(await response.text())) : lossOf(response);
    } catch (error) {
        if (error instanceof SyntaxError) return { reason: "the server's answer is unreadable" };
        return { reason: patience.aborted ? "the server does not answer" : "the server cannot be reached" };
    }
}

/**
 * @param {{ cursor: string, feed: Status["feed"], data: Prices["data"], alerts?: Alert[], alerts_skipped?: number }} body
 * @returns {Answer}
 */
function answerOf({ cursor, data, alerts = [], alerts_skipped: skipped = 0, ...status }) {
    return { prices: { type: "price_update", cursor, data }, status: { type: "status", ...status }, alerts, skipped };
}

/**
 * @param {Response} response
 * @returns {Loss}
 */
function lossOf({ status, headers }) {
    const refused = status === 401 || status === 403;
    const wait = Number(headers.get("Retry-After") ?? 0) * 1000 || undefined;
    return { reason: `the server answered ${status}`, refused, wait };
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>} at once when the signal is given
 */
function pauseFor(ms, signal) {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
    });
}
