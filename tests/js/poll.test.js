import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { longPollRung, shortPollRung } from "../../static/market/js/live/poll.js";
import { sampleText } from "./samples.js";

const { data } = JSON.parse(sampleText("snapshot"));
const FIRST = { cursor: "e:1", feed: "live", source: "binance", data };
const SECOND = { cursor: "e:2", feed: "stale", source: "binance", data: [] };

let server;
let url;
let asked;
let answers;

before(async () => {
    server = createServer((request, response) => {
        const { pathname, searchParams } = new URL(request.url, "http://here");
        if (pathname !== url.pathname) return; // a question of the test before, still on its way when that ended
        asked.push(searchParams);
        answers.shift()?.(response);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = new URL(`http://127.0.0.1:${server.address().port}/api/prices`);
});
beforeEach(() => {
    asked = [];
    url = new URL(`${url.pathname}/again`, url);
    answers = [];
});
after(() => {
    server.closeAllConnections();
    server.close();
});

const say = (body) => (response) => response.end(typeof body === "string" ? body : JSON.stringify(body));
const fail = (status, headers = {}) => (response) => response.writeHead(status, headers).end();

/** Everything a rung says until it is lost or has said `count` messages. */
function hear(rung, count, { cursor = "", alert = "" } = {}) {
    return new Promise((resolve) => {
        const heard = [];
        const end = (loss) => {
            connection.close();
            resolve({ heard, loss });
        };
        const message = (message) => heard.push(message) === count && end(null);
        const connection = rung.connect({ cursor, alert }, { message, lost: end });
    });
}

test("the first question is answered at once, the next ones wait for news from the cursor", async () => {
    answers = [say(FIRST), say(SECOND)];

    const { heard } = await hear(longPollRung(url), 4);

    assert.deepEqual(heard.map(({ type, cursor, feed }) => [type, cursor ?? feed]), [
        ["status", "live"],
        ["price_update", "e:1"],
        ["status", "stale"],
        ["price_update", "e:2"],
    ]);
    assert.equal(heard[1].data[0].price, "61828.02");
    assert.deepEqual(asked.slice(0, 2).map((query) => [query.get("since"), query.get("wait")]), [
        [null, null],
        ["e:1", "25"],
    ]);
});

test("a short poll never waits at the server", async () => {
    answers = [say(FIRST), say(SECOND)];

    await hear(shortPollRung(url, 1), 4);

    assert.deepEqual(asked.slice(0, 2).map((query) => [query.get("since"), query.get("wait")]), [
        [null, null],
        ["e:1", null],
    ]);
});

test("a server that is full says how long to stay away", async () => {
    answers = [fail(503, { "Retry-After": "7" })];

    const { loss } = await hear(longPollRung(url), 1);

    assert.deepEqual(loss, { reason: "the server answered 503", refused: false, wait: 7000 });
});

test("a server that forbids is not asked again soon", async () => {
    answers = [fail(403)];

    const { loss } = await hear(longPollRung(url), 1);

    assert.equal(loss.refused, true);
});

test("an answer that is no JSON is a loss, not an exception", async () => {
    answers = [say("<html>a proxy's own page</html>")];

    const { loss } = await hear(longPollRung(url), 1);

    assert.equal(loss.reason, "the server's answer is unreadable");
});

test("a connection that is cut is a loss", async () => {
    answers = [(response) => response.destroy()];

    const { loss } = await hear(longPollRung(url), 1);

    assert.equal(loss.reason, "the server cannot be reached");
});

test("a check that finds news which the long poll did not bring ends it", async () => {
    answers = [say(FIRST), () => {}, say({ ...FIRST, cursor: "e:3" })];
    let connection;

    const loss = await new Promise((resolve) => {
        const message = ({ type }) => type === "price_update" && setTimeout(() => connection.check(), 50);
        connection = longPollRung(url).connect({ cursor: "", alert: "" }, { message, lost: resolve });
    });

    connection.close();
    assert.equal(loss.reason, "the server's answers fell silent");
    assert.equal(asked[2].get("since"), "e:1");
});

test("a check without news is a sign of life", async () => {
    answers = [say(FIRST), () => {}, say({ ...SECOND, cursor: "e:1", feed: "live" })];
    let connection;

    const heard = await new Promise((resolve) => {
        const messages = [];
        const message = (message) => {
            if (messages.push(message) === 2) connection.check();
            if (messages.length === 3) resolve(messages);
        };
        connection = longPollRung(url).connect({ cursor: "", alert: "" }, { message, lost: resolve });
    });

    connection.close();
    assert.equal(heard[2].type, "status");
});

test("alerts come with the answers, and the next question goes on after them", async () => {
    const alerts = [
        { id: 17, symbol: "BTCUSDT", price: 95000.1, previous_price: 94990 },
        { id: 18, symbol: "ETHUSDT", price: null },
    ];
    answers = [say({ ...FIRST, alerts }), say(SECOND)];

    const { heard } = await hear(longPollRung(url), 6, { alert: "16" });

    assert.deepEqual(heard.filter(({ type }) => type === "alert").map(({ alert }) => alert.id), [17, 18]);
    assert.deepEqual([heard[2].alert.price, heard[2].alert.previous_price], ["95000.1", "94990"]);
    assert.deepEqual(asked.slice(0, 2).map((query) => query.get("since_alert")), ["16", "18"]);
});

test("an alert that the page learns of elsewhere while it polls is not asked for again", async () => {
    answers = [say(FIRST), say(SECOND)];
    const place = { cursor: "", alert: "" };

    await new Promise((resolve) => {
        const message = ({ type }) => {
            place.alert = "40";
            if (type === "price_update" && asked.length === 2) resolve(connection.close());
        };
        const connection = longPollRung(url).connect(place, { message, lost: resolve });
    });

    assert.deepEqual(asked.slice(0, 2).map((query) => query.get("since_alert")), [null, "40"]);
});
