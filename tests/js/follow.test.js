import assert from "node:assert/strict";
import { test } from "node:test";
import { Ladder } from "../../static/market/js/live/follow.js";
import { Clock } from "./clock.js";

const CONNECTED = { type: "connected", protocol: 1, heartbeat: 20, timestamp: "2026-01-10T12:00:00.000Z" };
const LIVE = { type: "status", feed: "live", source: "binance" };
const NAMES = ["WebSocket", "SSE", "long poll", "poll"];
const update = (seq) => ({ type: "price_update", cursor: `e:${seq}`, data: [] });

/** A ladder whose rungs do what a test says: `tries` is every connection made, in order. */
function climb({ cursor = "" } = {}) {
    const clock = new Clock();
    const tries = [];
    const links = [];
    const messages = [];
    const rungs = NAMES.map((name) => ({
        name,
        connect({ cursor: since, alert, candles }, hooks) {
            const connection = { name, since, alert, candles, ...hooks, checks: 0, closed: false };
            tries.push(connection);
            return { check: () => (connection.checks += 1), close: () => (connection.closed = true) };
        },
    }));
    const ladder = new Ladder({
        rungs,
        clock,
        cursor,
        onMessage: (message) => messages.push(message),
        onLink: (link) => links.push(link),
    });
    return {
        clock,
        tries,
        messages,
        ladder,
        get now() {
            return tries.at(-1);
        },
        get link() {
            return links.at(-1);
        },
    };
}

/** The same, up and live over the rung named. */
function standOn(name) {
    const page = climb();
    while (page.now.name !== name) page.now.lost({ reason: "blocked" });
    page.now.message(CONNECTED);
    page.now.message(LIVE);
    return page;
}

/** Time in which the connection keeps talking. */
function talk(page, seconds) {
    const connection = page.now;
    for (let second = 0; second < seconds; second += 1) {
        page.clock.pass(1000);
        if (!connection.closed) connection.message(update(second));
    }
}

test("the first try is the socket, from the cursor that the page was served with", () => {
    const page = climb({ cursor: "e:7" });

    page.now.message(CONNECTED);

    assert.deepEqual(page.tries.map(({ name, since }) => [name, since]), [["WebSocket", "e:7"]]);
    assert.equal(page.link.transport, "WebSocket");
    assert.deepEqual(page.messages, [CONNECTED]);
});

test("ways that do not open are left at once for the next one down", () => {
    const page = climb();

    for (const name of NAMES.slice(0, 3)) {
        assert.equal(page.now.name, name);
        page.now.lost({ reason: "blocked" });
    }

    assert.equal(page.now.name, "poll");
});

test("a way that says nothing for five seconds is left too", () => {
    const page = climb();

    page.clock.pass(5100);

    assert.ok(page.tries[0].closed);
    assert.equal(page.now.name, "SSE");
});

test("when every way fails there is a pause, which grows", () => {
    const page = climb();
    const failAll = () => NAMES.forEach(() => page.now.lost({ reason: "refused" }));

    failAll();
    const first = page.link.retryAt - page.clock.now();
    page.clock.pass(first);
    failAll();
    const second = page.link.retryAt - page.clock.now();

    assert.equal(page.tries.length, 8);
    assert.ok(second > first, `${second} > ${first}`);
    assert.equal(page.link.transport, "");
});

test("a way that worked comes back the same way, from the last cursor", () => {
    const page = standOn("WebSocket");
    page.now.message(update(41));

    page.now.lost({ reason: "the server is restarting" });
    assert.equal(page.link.reason, "the server is restarting");
    assert.equal(page.link.lostAt, page.clock.now());
    page.clock.pass(1000);

    assert.equal(page.now.name, "WebSocket");
    assert.equal(page.now.since, "e:41");
    assert.equal(page.tries.length, 2);
});

test("a server that takes connections and ends them at once costs a rung after three times", () => {
    const page = standOn("WebSocket");

    for (let time = 0; time < 3; time += 1) {
        page.now.lost({ reason: "broke" });
        page.clock.pass(page.link.retryAt - page.clock.now());
        page.now.message(CONNECTED);
    }

    assert.deepEqual(page.tries.map(({ name }) => name), ["WebSocket", "WebSocket", "WebSocket", "SSE"]);
});

test("from a lower rung it tries its way back up while prices go on", () => {
    const page = standOn("SSE");
    const events = page.now;

    talk(page, 5);
    assert.equal(page.now.name, "WebSocket");
    assert.equal(events.closed, false);
    assert.equal(page.link.transport, "SSE");
    page.now.message(CONNECTED);

    assert.equal(events.closed, true);
    assert.equal(page.link.transport, "WebSocket");
});

test("tries to get back up become rarer while they fail", () => {
    const page = standOn("SSE");
    const events = page.now;
    let tried = 0;

    for (let second = 0; second < 120; second += 1) {
        page.clock.pass(1000);
        events.message(update(second));
        if (page.now !== events && !page.now.closed) {
            tried += 1;
            page.now.lost({ reason: "blocked" });
        }
    }

    assert.ok(tried >= 3 && tried <= 7, `${tried} tries in two minutes`);
    assert.equal(page.link.transport, "SSE");
});

test("two silent seconds while prices are live bring a question, three bring doubt, an answer ends it", () => {
    const page = standOn("WebSocket");

    page.clock.pass(2600);
    assert.equal(page.now.checks, 1);
    assert.equal(page.link.doubtful, false);
    page.clock.pass(1000);
    assert.equal(page.link.doubtful, true);
    assert.equal(page.link.lostAt, page.clock.now() - 3600);
    page.now.message({ type: "pong" });

    assert.equal(page.link.doubtful, false);
    assert.equal(page.tries.length, 1);
});

test("a question without an answer ends a half-open connection", () => {
    const page = standOn("WebSocket");

    page.clock.pass(8000);

    assert.equal(page.tries[0].closed, true);
    assert.equal(page.tries.length, 2);
    assert.equal(page.link.transport, "");
});

test("while the feed is not live, only a missed heartbeat is silence", () => {
    const page = standOn("WebSocket");
    page.now.message({ ...LIVE, feed: "down" });

    page.clock.pass(24_000);
    assert.equal(page.now.checks, 0);
    page.clock.pass(2000);

    assert.equal(page.now.checks, 1);
    assert.equal(page.link.doubtful, false);
});

test("after sleep the connection is asked at once", () => {
    const page = standOn("WebSocket");

    page.clock.sleep(3_600_000);

    assert.equal(page.now.checks, 1);
    assert.equal(page.link.doubtful, true);
});

test("a page that is looked at again does not wait for the next try", () => {
    const page = climb();
    for (let round = 0; round < 6; round += 1) {
        NAMES.forEach(() => page.now.lost({ reason: "refused" }));
        page.clock.pass(page.link.retryAt - page.clock.now());
    }
    NAMES.forEach(() => page.now.lost({ reason: "refused" }));
    const before = page.tries.length;

    page.ladder.wake();

    assert.equal(page.tries.length, before + 1);
    assert.equal(page.now.name, "WebSocket");
});

test("offline ends the connection, online brings it back from the same place", () => {
    const page = standOn("WebSocket");
    page.now.message(update(9));

    page.ladder.setOffline(true);
    assert.equal(page.link.offline, true);
    assert.equal(page.tries[0].closed, true);
    page.clock.pass(3000);
    page.ladder.setOffline(false);
    page.now.message(CONNECTED);

    assert.equal(page.now.since, "e:9");
    assert.equal(page.link.offline, false);
    assert.equal(page.link.transport, "WebSocket");
});

test("a device that is wrong about being offline is found out", () => {
    const page = standOn("WebSocket");

    page.ladder.setOffline(true);
    page.clock.pass(15_000);
    page.now.message(CONNECTED);

    assert.equal(page.link.offline, false);
});

test("a way that is refused is left alone for minutes", () => {
    const page = standOn("WebSocket");

    page.now.lost({ reason: "not allowed", refused: true });
    page.clock.pass(1000);
    assert.equal(page.now.name, "SSE");
    page.now.message(CONNECTED);
    talk(page, 200);
    assert.equal(page.tries.length, 2);
    talk(page, 200);

    assert.equal(page.tries[2].name, "WebSocket");
});

test("when every way is refused the page says so, and asks again after minutes", () => {
    const page = climb();

    for (const name of NAMES) {
        assert.equal(page.now.name, name);
        page.now.lost({ reason: "the server answered 403", refused: true });
    }
    assert.equal(page.link.refused, true);
    page.clock.pass(290_000);
    assert.equal(page.tries.length, 4);
    page.clock.pass(12_000);

    assert.equal(page.tries.length, 5);
});

test("a way that asks to be left alone is, and the next one serves meanwhile", () => {
    const page = standOn("WebSocket");

    page.now.lost({ reason: "too many messages", wait: 30_000 });
    page.clock.pass(1000);

    assert.equal(page.now.name, "SSE");
});

test("a browser that forbids a way at once is one more loss", () => {
    const clock = new Clock();
    const names = [];
    const forbidden = () => {
        throw new Error("SecurityError");
    };
    const rung = (name, connect) => ({ name, connect: (...all) => names.push(name) && connect(...all) });
    const works = () => ({ check() {}, close() {} });

    const rungs = [rung("WebSocket", forbidden), rung("SSE", works)];
    new Ladder({ rungs, clock, cursor: "", onMessage() {}, onLink() {} });

    assert.deepEqual(names, ["WebSocket", "SSE"]);
});

test("a page that is put away lets go of everything, and goes on where it was", () => {
    const page = standOn("SSE");
    page.now.message(update(5));

    page.ladder.suspend();
    assert.ok(page.tries.every(({ closed, name }) => closed || name === "WebSocket"));
    assert.equal(page.clock.waiting, 0);
    page.ladder.resume();

    assert.equal(page.now.since, "e:5");
    assert.equal(page.now.name, "WebSocket");
});

test("a clock that is set back does not look like silence nor hide it", () => {
    const page = standOn("WebSocket");

    page.clock.turn(-3_600_000);
    page.clock.pass(4200);

    assert.equal(page.now.checks, 1);
    assert.equal(page.link.doubtful, true);
});

test("alerts are asked for from the last one that is known, so that none is missed", () => {
    const page = standOn("WebSocket");
    const alert = (id) => ({ type: "alert", alert: { id } });

    assert.equal(page.now.alert, "");
    page.ladder.knowAlert(0);
    page.now.lost({ reason: "the server is restarting" });
    page.clock.pass(1000);
    assert.equal(page.now.alert, "0");
    page.now.message(CONNECTED);
    page.now.message(alert(18));
    page.now.message(alert(17));
    page.now.lost({ reason: "the server is restarting" });
    page.clock.pass(1000);

    assert.equal(page.now.alert, "18");
    assert.deepEqual(page.messages.filter(({ type }) => type === "alert").map(({ alert: { id } }) => id), [18, 17]);
});

test("other candles are another connection of the same kind, and the one that stands goes on until it is there", () => {
    const page = standOn("SSE");
    const before = page.now;

    page.ladder.want({ candles: ["binance:BTCUSDT@1m"] });
    page.ladder.want({ candles: ["binance:BTCUSDT@1m"] });
    assert.deepEqual([page.now.name, page.now.candles, before.closed], ["SSE", ["binance:BTCUSDT@1m"], false]);
    assert.equal(page.tries.filter(({ name }) => name === "SSE").length, 2);
    page.now.message(CONNECTED);

    assert.equal(before.closed, true);
});

test("where the other connection fails, it is tried again with the climb", () => {
    const page = standOn("SSE");
    const before = page.now;
    page.ladder.want({ candles: ["binance:BTCUSDT@1m"] });

    page.now.lost({ reason: "blocked" });
    assert.equal(before.closed, false);
    for (let second = 0; second < 30 && page.now.name !== "WebSocket"; second += 1) {
        page.clock.pass(1000);
        before.message(update(second));
    }
    page.now.lost({ reason: "blocked" });

    assert.deepEqual([page.now.name, page.now.candles, before.closed], ["SSE", ["binance:BTCUSDT@1m"], false]);
});
