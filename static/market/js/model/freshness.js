/**
 * Whether what is on the screen may be called the price of now. One answer for the whole board.
 *
 * @import { FeedState } from "../messages.js"
 *
 * @typedef {object} Link this page's way to the server
 * @property {string} transport "WebSocket", "SSE", "long poll", "poll"; "" while there is none
 * @property {boolean} doubtful nothing was heard for longer than usual; an answer is awaited
 * @property {number} lostAt ms since 1970 when it was last heard; 0 while it stands
 * @property {number} retryAt ms since 1970 of the next try; 0 while one is under way
 * @property {string} reason why it is lost, a sentence's end
 * @property {boolean} offline the device itself has no network
 * @property {boolean} refused the server will not have this page
 *
 * @typedef {object} Feed the server's way to the exchange
 * @property {FeedState | ""} state "" before the first word
 * @property {string} reason
 * @property {number} since ms since 1970: when prices stopped being live
 * @property {boolean} priced whether any price is known at all
 *
 * @typedef {"waiting" | "live" | "delayed" | "stale" | "down" | "empty" | "lost" | "offline" | "refused"} Word
 * @typedef {{ word: Word, stale: boolean, since: number, reason: string }} Freshness
 */

const GRACE = 1500; // ms a lost connection may take to come back before prices are called old

/**
 * @param {Link} link
 * @param {Feed} feed
 * @param {number} now ms since 1970
 * @returns {Freshness}
 */
export function freshness(link, feed, now) {
    if (link.offline) return { word: "offline", stale: true, since: link.lostAt, reason: "" };
    if (link.refused) return { word: "refused", stale: true, since: link.lostAt, reason: link.reason };
    if (link.doubtful) return { word: "lost", stale: true, since: link.lostAt, reason: link.reason };
    if (!link.transport) return unlinked(link, feed, now);
    if (feed.state === "live") return { word: "live", stale: false, since: 0, reason: "" };
    if (!feed.state) return { word: "waiting", stale: false, since: 0, reason: "" };
    const { state, priced, since, reason } = feed;
    return { word: priced ? state : "empty", stale: priced, since, reason };
}

/**
 * @param {Link} link
 * @param {Feed} feed
 * @param {number} now
 * @returns {Freshness}
 */
function unlinked(link, feed, now) {
    const isYoung = now - link.lostAt < GRACE;
    if (!isYoung) return { word: "lost", stale: true, since: link.lostAt, reason: link.reason };
    const wasLive = feed.state === "live" || feed.state === "";
    return { word: "waiting", stale: !wasLive, since: feed.since, reason: feed.reason };
}
