import assert from "node:assert/strict";
import { test } from "node:test";
import { Subscription } from "../../static/market/js/live/subscription.js";
import { Clock } from "./clock.js";

const LINK = { transport: "WebSocket", doubtful: false, lostAt: 0, retryAt: 0, reason: "", offline: false, refused: false };

/** A page with as many ways to a switchboard as a test wants; `lines` is every one that was opened. */
function open({ ways = 2, rate = 0, wanted = {} } = {}) {
    const clock = new Clock();
    const lines = [];
    const messages = [];
    const links = [];
    const way = (name) => (hear, broken) => {
        const line = { name, hear, broken, wishes: [], isClosed: false };
        lines.push(line);
        return { post: (wish) => line.wishes.push(wish), close: () => (line.isClosed = true) };
    };
    const names = ["shared", "own"].slice(2 - ways);
    const subscription = new Subscription({
        ways: names.map(way),
        clock,
        wanted: { rate, ...wanted },
        onMessage: (message) => messages.push(message),
        onLink: (link) => links.push(link),
    });
    const kinds = () => lines.at(-1).wishes.map(({ kind }) => kind);
    return { clock, lines, messages, links, subscription, kinds, hear: (word) => lines.at(-1).hear(word) };
}

test("a page joins with its rate and says when it took its prices", () => {
    const page = open({ rate: 1 });

    page.hear({ kind: "prices", data: [{ symbol: "BTCUSDT" }], candles: [], first: true });
    page.hear({ kind: "prices", data: [{ symbol: "ETHUSDT" }], candles: [], first: false });

    assert.deepEqual(page.lines[0].wishes[0], { kind: "join", rate: 1 });
    assert.deepEqual(page.kinds(), ["join", "ping", "ready", "ready"]);
    assert.deepEqual(page.messages.map(({ type }) => type), ["snapshot", "price_update"]);
});

test("silence of the other end is asked about, then doubted, then the page helps itself", () => {
    const page = open();
    page.hear({ kind: "link", link: LINK });
    const lostAt = page.clock.now();

    page.clock.pass(2100);
    assert.deepEqual(page.kinds().slice(-1), ["ping"]);
    page.clock.pass(4000);
    assert.deepEqual([page.links.at(-1).doubtful, page.links.at(-1).lostAt], [true, lostAt]);
    assert.equal(page.lines.length, 1);
    page.clock.pass(4000);

    assert.deepEqual(page.lines.map(({ name, isClosed }) => [name, isClosed]), [["shared", true], ["own", false]]);
    assert.deepEqual(page.kinds(), ["join", "ping"]);
    assert.equal(page.links.at(-1).transport, "");
});

test("an answer ends the doubt", () => {
    const page = open();
    page.hear({ kind: "link", link: LINK });
    page.clock.pass(6500);
    assert.equal(page.links.at(-1).doubtful, true);

    page.hear({ kind: "pong" });

    assert.deepEqual(page.links.at(-1), LINK);
    page.clock.pass(1000);
    assert.equal(page.lines.length, 1);
});

test("a worker that cannot start is replaced at once", () => {
    const page = open();

    page.lines[0].broken();
    page.lines[0].hear({ kind: "link", link: LINK });

    assert.deepEqual(page.lines.map(({ name }) => name), ["shared", "own"]);
    assert.equal(page.links.at(-1).transport, "", "what comes late from the old line says nothing");
});

test("a page that was frozen does not take its own sleep for silence", () => {
    const page = open();
    page.hear({ kind: "link", link: LINK });

    page.clock.sleep(60_000);
    page.clock.pass(1000);

    assert.equal(page.lines.length, 1);
    assert.ok(page.links.every(({ doubtful }) => !doubtful));
});

test("a page that is put away leaves; shown again its prices are old until it is connected", () => {
    const page = open();
    page.hear({ kind: "link", link: LINK });
    page.subscription.knowAlert(5);

    page.subscription.suspend();
    const lostAt = page.clock.now();
    assert.deepEqual([page.kinds().at(-1), page.lines[0].isClosed, page.clock.waiting], ["leave", true, 0]);
    page.clock.pass(60_000);
    page.subscription.resume();

    assert.deepEqual([page.links.at(-1).transport, page.links.at(-1).lostAt], ["", lostAt]);
    assert.deepEqual(page.lines[1].wishes.slice(0, 2), [{ kind: "join", rate: 0 }, { kind: "alert", id: 5 }]);
});

test("another leader, or one that forgot the page, is joined anew", () => {
    const page = open();
    page.subscription.setRate(1);

    page.hear({ kind: "again" });

    assert.deepEqual(page.lines[0].wishes.filter(({ kind }) => kind === "join"), [{ kind: "join", rate: 0 }, { kind: "join", rate: 1 }]);
});

test("what a page shows is said when it joins, and again to whoever holds the connection next", () => {
    const wanted = { symbol: "binance:BTCUSDT", candles: ["binance:BTCUSDT@1m"] };
    const page = open({ wanted });

    page.subscription.setCandles(["binance:BTCUSDT@5m"]);
    page.hear({ kind: "again" });

    const joins = page.lines[0].wishes.filter(({ kind }) => kind === "join");
    assert.deepEqual(page.lines[0].wishes.find(({ kind }) => kind === "candles"), { kind: "candles", candles: ["binance:BTCUSDT@5m"] });
    assert.deepEqual(joins, [
        { kind: "join", rate: 0, ...wanted },
        { kind: "join", rate: 0, ...wanted, candles: ["binance:BTCUSDT@5m"] },
    ]);
});

test("candles come to the page as messages, and are taken like prices", () => {
    const page = open();

    page.hear({ kind: "prices", data: [], candles: [{ type: "candle" }], first: false });

    assert.deepEqual(page.messages, [{ type: "candle" }]);
    assert.equal(page.kinds().at(-1), "ready");
});
