/**
 * The SharedWorker that holds the one connection of all open pages: the addresses are in its own.
 */
import { Switchboard } from "../live/switchboard.js";
import { browserClock, ladderOf } from "./ladder.js";

const words = new URL(location.href).searchParams;
const place = (/** @type {string} */ name) => new URL(words.get(name) ?? "", location.origin);
const places = { socket: place("socket"), events: place("events"), prices: place("prices") };

const board = new Switchboard({ start: (listener) => ladderOf(places, { cursor: "", ...listener }), clock: browserClock });

/** @type {any} */ (globalThis).onconnect = (/** @type {MessageEvent} */ { ports: [port] }) => {
    port.onmessage = ({ data }) => board.hear(port, data);
    port.addEventListener("close", () => board.hear(port, { kind: "leave" })); // where browsers tell
};
