/**
 * The ladder with the clock and the four ways of this browser; in a page or in a worker.
 *
 * @import { Message } from "../messages.js"
 * @import { Link } from "../model/freshness.js"
 * @import { Clock } from "../live/attempt.js"
 *
 * @typedef {{ socket: URL, events: URL, prices: URL }} Places where the ways begin
 */
import { eventsRung } from "../live/events.js";
import { Ladder } from "../live/follow.js";
import { longPollRung, shortPollRung } from "../live/poll.js";
import { socketRung } from "../live/socket.js";

/** @type {Clock} */
export const browserClock = {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (call, ms) => setTimeout(call, ms),
    clearTimeout: (timer) => clearTimeout(timer),
};

/**
 * @param {Places} places
 * @param {{ cursor: string, rate?: number, candles?: readonly string[], onMessage: (message: Message) => void, onLink: (link: Link) => void }} journey
 */
export function ladderOf({ socket, events, prices }, journey) {
    const rungs = [socketRung(socket), eventsRung(events, prices), longPollRung(prices), shortPollRung(prices)];
    return new Ladder({ rungs, clock: browserClock, ...journey });
}
