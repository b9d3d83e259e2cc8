/**
 * A connection of the page's own, for what it alone wants; prices of all symbols come over the shared one: start_line.js.
 *
 * @import { Message } from "../messages.js"
 * @import { Link } from "../model/freshness.js"
 */
import { watchPage } from "../live/wake.js";
import { ladderOf } from "./ladder.js";

/**
 * @param {{ socket: URL, events: URL, prices: URL, cursor: string }} places where the ways begin
 * @param {{ onMessage: (message: Message) => void, onLink: (link: Link) => void }} listener
 */
export function startLadder({ cursor, ...places }, listener) {
    const ladder = ladderOf(places, { cursor, ...listener });
    watchPage(window, ladder);
    return ladder;
}
