import assert from "node:assert/strict";
import { test } from "node:test";
import { Switchboard } from "../../static/market/js/live/switchboard.js";
import { Clock } from "./clock.js";

const LIVE = { type: "status", feed: "live", source: "binance" };
const LINK = { transport: "WebSocket", doubtful: false, lostAt: 0, retryAt: 0, reason: "", offline: false, refused: false };
const quote = (symbol, price, more = {}) => ({ symbol, exchange: "binance", price, source: "binance", ...more });
const candle = (symbol, interval, close, time = 0) => ({ type: "candle", symbol, exchange: "binance", interval, candle: { time, close } });
const BTC = { symbol: "binance:BTCUSDT", candles: ["binance:BTCUSDT@1m"] };
const ETH = { symbol: "binance:ETHUSDT", candles: ["binance:ETHUSDT@5m"] };
const update = (...data) => ({ type: "price_update", cursor: "e:1", data });

/** A switchboard over a connection that says what a test says; `page()` is one more page. */
function begin() {
    const clock = new Clock();
    const ladders = [];
    const start = (listener) => {
        const ladder = { ...listener, rates: [], woken: 0, alerts: [], offline: [], suspended: 0, resumed: 0 };
        ladder.candles = [listener.candles];
        ladder.want = ({ rate, candles }) => {
            if (rate !== undefined) ladder.rates.push(rate);
            if (candles !== undefined) ladder.candles.push(candles);
        };
        ladder.wake = () => (ladder.woken += 1);
        ladder.knowAlert = (id) => ladder.alerts.push(id);
        ladder.setOffline = (offline) => ladder.offline.push(offline);
        ladder.suspend = () => (ladder.suspended += 1);
        ladder.resume = () => (ladder.resumed += 1);
        ladders.push(ladder);
        return ladder;
    };
    const board = new Switchboard({ start, clock });
    const page = (rate = 0, wanted = {}) => {
        const words = [];
        const way = { postMessage: (word) => words.push(word) };
        board.hear(way, { kind: "join", rate, ...wanted });
        const say = (wish) => board.hear(way, wish);
        const told = () => words.filter(({ kind }) => kind === "prices");
        const candles = () => told().flatMap((word) => word.candles.map(({ symbol, interval, candle }) => `${symbol} ${interval} ${candle.close}`));
        return { words, say, candles, prices: () => told().map(({ data }) => data) };
    };
    return { clock, ladders, page, say: (message) => ladders[0].onMessage(message), link: (link) => ladders[0].onLink(link) };
}

test("all pages share one connection, and each hears of prices, states and alerts", () => {
    const desk = begin();
    const [one, other] = [desk.page(), desk.page()];

    desk.say(update(quote("BTCUSDT", "1")));
    desk.say({ type: "alert", alert: { id: 7 } });

    assert.equal(desk.ladders.length, 1);
    for (const { words } of [one, other]) assert.deepEqual(words.map(({ kind }) => kind), ["prices", "message"]);
});

test("what only keeps a connection alive is not passed on", () => {
    const desk = begin();
    const page = desk.page();

    for (const type of ["heartbeat", "pong", "subscribed"]) desk.say({ type });

    assert.deepEqual(page.words, []);
});

test("a page that comes later gets all that is known, put together, with the state and the link", () => {
    const desk = begin();
    desk.page();
    desk.say(LIVE);
    desk.link(LINK);
    desk.say(update(quote("BTCUSDT", "1", { high_24h: "9" }), quote("ETHUSDT", "5")));
    desk.say(update(quote("BTCUSDT", "2")));

    const { words } = desk.page();

    assert.deepEqual(words.map(({ kind }) => kind), ["message", "prices", "link"]);
    assert.equal(words[1].first, true);
    assert.deepEqual(words[1].data.map(({ symbol, price, high_24h: high }) => [symbol, price, high]), [
        ["BTCUSDT", "2", "9"],
        ["ETHUSDT", "5", undefined],
    ]);
});

test("a page that does not take its prices gets them in one, and nothing piles up", () => {
    const desk = begin();
    const page = desk.page();
    for (const price of ["1", "2", "3"]) desk.say(update(quote("BTCUSDT", price, { bid: price === "2" ? "7" : undefined })));
    desk.say(update(quote("ETHUSDT", "5")));

    page.say({ kind: "ready" });

    assert.equal(page.prices().length, 2);
    assert.deepEqual(page.prices()[1].map(({ symbol, price }) => [symbol, price]), [["BTCUSDT", "3"], ["ETHUSDT", "5"]]);
});

test("a page gets prices at the rate that it wants, the connection at that of the fastest", () => {
    const desk = begin();
    const [fast, slow] = [desk.page(4), desk.page(1)];
    const take = () => [fast, slow].forEach((page) => page.say({ kind: "ready" }));

    for (let at = 0; at < 2000; at += 50) {
        desk.say(update(quote("BTCUSDT", String(at))));
        take();
        desk.clock.pass(50);
        take();
    }

    assert.equal(desk.ladders[0].rate, 4);
    assert.ok(fast.prices().length >= 7 && fast.prices().length <= 9, String(fast.prices().length));
    assert.ok(slow.prices().length >= 2 && slow.prices().length <= 3, String(slow.prices().length));
});

test("a page that is shown again catches up at once, and the connection goes faster again", () => {
    const desk = begin();
    const page = desk.page();
    page.say({ kind: "rate", rate: 0.2 });
    desk.say(update(quote("BTCUSDT", "1")));
    page.say({ kind: "ready" });
    desk.say(update(quote("BTCUSDT", "2")));
    const hidden = page.prices().length;

    page.say({ kind: "rate", rate: 0 });

    assert.equal(hidden, 1);
    assert.equal(page.prices().at(-1)[0].price, "2");
    assert.deepEqual(desk.ladders[0].rates, [0.2, 0]);
});

test("a page that wants no prices gets none, and costs the connection next to nothing", () => {
    const desk = begin();
    const page = desk.page(-1);

    desk.say(update(quote("BTCUSDT", "1")));

    assert.deepEqual(page.words, []);
    assert.ok(desk.ladders[0].rate > 0 && desk.ladders[0].rate < 0.2);
});

test("a test broadcast is passed on and never taken for what is known", () => {
    const desk = begin();
    const page = desk.page();
    desk.say(update(quote("BTCUSDT", "1")));
    page.say({ kind: "ready" });

    desk.say(update(quote("BTCUSDT", "99", { source: "test" })));

    assert.equal(page.prices().at(-1)[0].price, "99");
    assert.equal(desk.page().prices()[0][0].price, "1");
});

test("a symbol that is not watched any more is forgotten", () => {
    const desk = begin();
    desk.page();
    desk.say(update(quote("BTCUSDT", "1"), quote("ETHUSDT", "5")));

    desk.say({ type: "symbols", added: [], removed: ["BTCUSDT"] });

    assert.deepEqual(desk.page().prices()[0].map(({ symbol }) => symbol), ["ETHUSDT"]);
});

test("when the last page goes the connection ends, and the next page takes it up where it was", () => {
    const desk = begin();
    const [one, other] = [desk.page(), desk.page(1)];

    one.say({ kind: "leave" });
    assert.deepEqual([desk.ladders[0].suspended, desk.ladders[0].rates.at(-1)], [0, 1]);
    other.say({ kind: "leave" });
    assert.equal(desk.ladders[0].suspended, 1);
    desk.page();

    assert.deepEqual([desk.ladders.length, desk.ladders[0].resumed], [1, 1]);
});

test("a page that was closed without a word is forgotten, and has to join anew if it was not", () => {
    const desk = begin();
    const gone = desk.page();
    desk.say(update(quote("BTCUSDT", "1")));

    desk.clock.pass(3 * 60_000);
    gone.say({ kind: "ping" });

    assert.equal(desk.ladders[0].suspended, 1);
    assert.deepEqual(gone.words.at(-1), { kind: "again" });
});

test("somebody else who signs in gets another connection, for other alerts are theirs", () => {
    const desk = begin();
    const page = desk.page();

    page.say({ kind: "viewer", viewer: null });
    page.say({ kind: "viewer", viewer: null });
    assert.equal(desk.ladders[0].suspended, 0);
    page.say({ kind: "viewer", viewer: 7 });

    assert.deepEqual([desk.ladders[0].suspended, desk.ladders[0].resumed], [1, 1]);
});

test("what one page notices of network and alerts, the connection is told", () => {
    const desk = begin();
    const page = desk.page();

    page.say({ kind: "wake" });
    page.say({ kind: "offline", offline: true });
    page.say({ kind: "alert", id: 3 });
    page.say({ kind: "ping" });

    const [ladder] = desk.ladders;
    assert.deepEqual([ladder.woken, ladder.offline, ladder.alerts], [1, [true], [3]]);
    assert.deepEqual(page.words, [{ kind: "pong" }]);
});

test("a page of one symbol hears of that alone, with its candles; a board of all symbols and of no candle", () => {
    const desk = begin();
    const [board, btc, eth] = [desk.page(), desk.page(0, BTC), desk.page(0, ETH)];
    const take = () => [board, btc, eth].forEach((page) => page.say({ kind: "ready" }));

    desk.say(update(quote("BTCUSDT", "1"), quote("ETHUSDT", "5")));
    take();
    for (const news of [candle("BTCUSDT", "1m", "1"), candle("ETHUSDT", "5m", "5"), candle("ETHUSDT", "1m", "6")]) desk.say(news);

    const symbols = (page) => page.prices().flat().map(({ symbol }) => symbol);
    assert.deepEqual([board, btc, eth].map(symbols), [["BTCUSDT", "ETHUSDT"], ["BTCUSDT"], ["ETHUSDT"]]);
    assert.deepEqual([board, btc, eth].map((page) => page.candles()), [[], ["BTCUSDT 1m 1"], ["ETHUSDT 5m 5"]]);
    assert.deepEqual(desk.page(0, ETH).prices()[0].map(({ symbol }) => symbol), ["ETHUSDT"]);
});

test("the connection carries the candles that any page wants, and changes once for pages that come together", () => {
    const desk = begin();
    const btc = desk.page(0, BTC);
    const eth = desk.page(0, ETH);
    desk.page(0, BTC);
    desk.clock.pass(300);
    eth.say({ kind: "candles", candles: ["binance:ETHUSDT@1h"] });
    desk.clock.pass(300);
    btc.say({ kind: "leave" });
    eth.say({ kind: "leave" });
    desk.clock.pass(300);

    assert.deepEqual(desk.ladders[0].candles, [
        BTC.candles,
        ["binance:BTCUSDT@1m", "binance:ETHUSDT@5m"],
        ["binance:BTCUSDT@1m", "binance:ETHUSDT@1h"],
        BTC.candles,
    ]);
});

test("when all pages were gone, the next one's candles are asked for at once", () => {
    const desk = begin();
    desk.page(0, BTC).say({ kind: "leave" });

    desk.page(0, ETH);

    assert.deepEqual([desk.ladders[0].candles.at(-1), desk.ladders[0].resumed], [ETH.candles, 1]);
});

test("more candles than the server hears of are not asked for", () => {
    const desk = begin();

    desk.page(0, { candles: Array.from({ length: 120 }, (_, number) => `binance:A${number}@1m`) });

    assert.equal(desk.ladders[0].candles[0].length, 100);
});

test("candles pile up for nobody: what is newest comes when the page takes it, a closed one beside the next", () => {
    const desk = begin();
    const page = desk.page(0, BTC);
    desk.say(candle("BTCUSDT", "1m", "1", 60_000));
    for (const close of ["2", "3"]) desk.say(candle("BTCUSDT", "1m", close, 60_000));
    desk.say(candle("BTCUSDT", "1m", "4", 120_000));

    page.say({ kind: "ready" });

    assert.deepEqual(page.candles(), ["BTCUSDT 1m 1", "BTCUSDT 1m 3", "BTCUSDT 1m 4"]);
    assert.equal(page.words.length, 2);
});

test("a hidden page's candles come as seldom as its prices, and at once when it is shown", () => {
    const desk = begin();
    const page = desk.page(0, BTC);
    page.say({ kind: "rate", rate: 0.2 });
    for (const close of ["1", "2", "3"]) {
        desk.say(candle("BTCUSDT", "1m", close));
        page.say({ kind: "ready" });
        desk.clock.pass(1000);
    }
    const hidden = page.candles();

    page.say({ kind: "rate", rate: 0 });

    assert.deepEqual([hidden, page.candles()], [["BTCUSDT 1m 1"], ["BTCUSDT 1m 1", "BTCUSDT 1m 3"]]);
});
