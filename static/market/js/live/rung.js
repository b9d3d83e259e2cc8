/**
 * One way of getting messages from the server, the same shape for all of them.
 *
 * A rung connects, calls `message` for everything it hears in the words of the WebSocket protocol, and calls `lost` once
 * it is over. It never comes back by itself: that is the ladder's work (follow.js), which also closes it.
 *
 * @import { Message } from "../messages.js"
 *
 * @typedef {object} Loss
 * @property {string} reason the end of a sentence: "the server is restarting"
 * @property {number} [wait] ms this way asks to be left alone
 * @property {boolean} [refused] the server will not have this page: trying again soon does not help
 *
 * @typedef {object} Hooks
 * @property {(message: Message) => void} message
 * @property {(loss: Loss) => void} lost
 *
 * @typedef {object} Connection
 * @property {() => void} check ask for a sign of life; any answer arrives as a message
 * @property {() => void} close
 * @property {() => boolean} [pace] the place has another rate or other candles: whether this connection follows as it is
 *
 * @typedef {object} Rung
 * @property {string} name what a reader calls it
 * @property {(place: Place, hooks: Hooks) => Connection} connect
 *
 * @typedef {object} Place up to where the page has read, as it is now; "" for nowhere
 * @property {string} cursor of prices
 * @property {string} alert the id of the last alert
 * @property {number} rate updates per second and symbol that are wanted, 0 for each as it comes
 * @property {readonly string[]} candles that are wanted where a way can carry them, as "binance:BTCUSDT@1m"
 */
import { parse } from "../model/exact_json.js";

/**
 * The address with the place that was read up to; empty words are left out.
 * @param {URL} url
 * @param {Record<string, string>} words
 */
export function withQuery(url, words) {
    const address = new URL(url);
    for (const [name, value] of Object.entries(words)) {
        if (value) address.searchParams.set(name, value);
    }
    return address;
}

/**
 * What an address says of the place: the server goes on from there, so that nothing is missed in between.
 * @param {Place} place
 */
export function placeWords({ cursor, alert, rate, candles }) {
    return { since: cursor, since_alert: alert, max_rate: rate ? String(rate) : "", candles: candles.join(",") };
}

/**
 * Hands on what was heard; a message that is no JSON ends the connection, for what follows cannot be trusted either.
 * @param {Hooks} hooks
 * @param {string} text
 * @param {(data: any) => Message} message
 */
export function hear(hooks, text, message) {
    let data;
    try {
        data = parse(text);
    } catch (error) {
        return hooks.lost({ reason: `the server's message is unreadable (${error})` });
    }
    hooks.message(message(data));
}
