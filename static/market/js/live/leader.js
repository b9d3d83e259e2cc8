/**
 * One connection for all pages where there is no SharedWorker: a lock makes one of the pages the leader, which holds the
 * switchboard; the others reach it over a BroadcastChannel. When it is closed, another one gets the lock.
 *
 * @import { OpenLine } from "./subscription.js"
 * @import { Switchboard, Way, Wish, Word } from "./switchboard.js"
 *
 * @typedef {{ from: string, wish: Wish } | { to: string, word: Word } | { leader: true }} Note what goes over the channel
 */

/**
 * The page holds a connection of its own.
 * @param {() => Switchboard} make
 * @returns {OpenLine}
 */
export function ownLine(make) {
    return (hear) => {
        const board = make();
        const way = { postMessage: (/** @type {Word} */ word) => queueMicrotask(() => hear(word)) };
        return { post: (wish) => board.hear(way, wish), close: () => board.hear(way, { kind: "leave" }) };
    };
}

/**
 * @param {string} name of lock and channel
 * @param {() => Switchboard} make
 * @param {{ locks: LockManager, channel: (name: string) => BroadcastChannel, id: string }} browser `id`: of this page
 * @returns {OpenLine}
 */
export function ledLine(name, make, { locks, channel: open, id }) {
    return (hear) => {
        const channel = open(name);
        const leaving = new AbortController();
        /** @type {((note: Note) => void) | null} what the leader does with notes of others */
        let lead = null;
        let end = () => {};
        const listen = (/** @type {Note} */ note) => {
            if ("to" in note) return note.to === id ? hear(note.word) : undefined;
            if ("leader" in note) return hear({ kind: "again" });
            lead?.(note);
        };
        channel.onmessage = ({ data }) => listen(data);
        const become = () => {
            ({ lead, end } = leader(make(), channel, { id, hear }));
            channel.postMessage({ leader: true });
            hear({ kind: "again" });
            return new Promise((resolve) => leaving.signal.addEventListener("abort", resolve));
        };
        locks.request(name, { signal: leaving.signal }, become).catch((/** @type {unknown} */ error) => {
            if (!leaving.signal.aborted) console.info("no page can be the leader:", error);
        });
        /** @param {Wish} wish */
        const post = (wish) => (lead ? lead({ from: id, wish }) : channel.postMessage({ from: id, wish }));
        return {
            post,
            close() {
                post({ kind: "leave" });
                end();
                channel.onmessage = null;
                leaving.abort();
                channel.close();
            },
        };
    };
}

/**
 * @param {Switchboard} board
 * @param {BroadcastChannel} channel
 * @param {{ id: string, hear: (word: Word) => void }} self
 */
function leader(board, channel, { id, hear }) {
    /** @type {Map<string, Way>} */
    const ways = new Map();
    /** @param {string} to @returns {Way} */
    const wayTo = (to) => ({ postMessage: to === id ? (word) => queueMicrotask(() => hear(word)) : (word) => channel.postMessage({ to, word }) });
    return {
        lead(/** @type {Note} */ note) {
            if (!("from" in note)) return;
            const way = ways.get(note.from) ?? wayTo(note.from);
            ways.set(note.from, way);
            if (note.wish.kind === "leave") ways.delete(note.from);
            board.hear(way, note.wish);
        },
        /** Another page leads from now on: this one's connection ends. */
        end() {
            for (const way of ways.values()) board.hear(way, { kind: "leave" });
            ways.clear();
        },
    };
}
