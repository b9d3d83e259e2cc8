/**
 * The ladder with the clock and the four ways of this browser.
 *
 * @import { Message } from "../messages.js"
 * @import { Link } from "../model/freshness.js"
 */
import { eventsRung } from "../live/events.js";
import { Ladder } from "../live/follow.js";
import { longPollRung, shortPollRung } from "../live/poll.js";
import { socketRung } from "../live/socket.js";
import { watchPage } from "../live/wake.js";

/**
 * @param {{ socket: URL, events: URL, prices: URL, cursor: string }} places where the ways begin
 * @param {{ onMessage: (message: Message) => void, onLink: (link: Link) => void }} listener
 */
export function startLadder({ socket, events, prices, cursor }, { onMessage, onLink }) {
    const ladder = new Ladder({
        rungs: [socketRung(socket), eventsRung(events, prices), longPollRung(prices), shortPollRung(prices)],
        clock: {
            now: () => Date.now(),
            random: () => Math.random(),
            setTimeout: (call, ms) => setTimeout(call, ms),
            clearTimeout: (timer) => clearTimeout(timer),
        },
        cursor,
        onMessage,
        onLink,
    });
    watchPage(window, ladder);
    return ladder;
}
