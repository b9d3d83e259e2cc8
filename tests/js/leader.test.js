import assert from "node:assert/strict";
import { test } from "node:test";
import { ledLine } from "../../static/market/js/live/leader.js";

/** A browser with a lock and a channel for all its pages; `turn` lets everything happen that is under way. */
function browser() {
    const waiting = [];
    let holder = null;
    const next = () => {
        if (holder || !waiting.length) return;
        holder = waiting.shift();
        holder.begin().then(() => {
            holder = null;
            next();
        });
    };
    const locks = {
        request: (_name, { signal }, begin) => {
            const wish = { begin };
            waiting.push(wish);
            signal.addEventListener("abort", () => waiting.includes(wish) && waiting.splice(waiting.indexOf(wish), 1));
            queueMicrotask(next);
            return new Promise(() => {});
        },
    };
    const channels = new Set();
    const channel = () => {
        const own = {
            onmessage: null,
            postMessage: (data) => channels.forEach((other) => other !== own && queueMicrotask(() => other.onmessage?.({ data }))),
            close: () => channels.delete(own),
        };
        channels.add(own);
        return own;
    };
    return { locks, channel, turn: () => new Promise((resolve) => setTimeout(resolve, 5)) };
}

/** A page; its switchboard, if it ever leads, notes what it hears and answers pings. */
function page(shared, id, boards) {
    const words = [];
    const make = () => {
        const board = { of: id, heard: [], ways: new Set() };
        board.hear = (way, wish) => {
            board.heard.push(wish.kind);
            board.ways.add(way);
            if (wish.kind === "ping") way.postMessage({ kind: "pong" });
        };
        boards.push(board);
        return board;
    };
    const line = ledLine("pricefeed", make, { locks: shared.locks, channel: shared.channel, id })((word) => words.push(word.kind), () => {});
    return { words, line };
}

test("one page leads, and every page reaches its switchboard", async () => {
    const shared = browser();
    const boards = [];
    const pages = ["a", "b", "c"].map((id) => page(shared, id, boards));
    await shared.turn();

    for (const { line } of pages) line.post({ kind: "ping" });
    await shared.turn();

    assert.deepEqual(boards.map(({ of }) => of), ["a"]);
    assert.equal(boards[0].ways.size, 3);
    for (const { words } of pages) assert.deepEqual(words, ["again", "pong"]);
});

test("when the leader goes another page leads, and all are told to join it", async () => {
    const shared = browser();
    const boards = [];
    const [first, second, third] = ["a", "b", "c"].map((id) => page(shared, id, boards));
    await shared.turn();
    for (const { line } of [first, second, third]) line.post({ kind: "ping" });
    await shared.turn();

    first.line.close();
    await shared.turn();
    for (const { line } of [second, third]) line.post({ kind: "ping" });
    await shared.turn();

    assert.deepEqual(boards.map(({ of }) => of), ["a", "b"]);
    assert.deepEqual(boards[0].heard.slice(3), ["leave", "leave", "leave"], "its own connection ends");
    assert.deepEqual(second.words, ["again", "pong", "again", "pong"]);
    assert.deepEqual(third.words, ["again", "pong", "again", "pong"]);
    assert.deepEqual(first.words, ["again", "pong"]);
});
