import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../static/market/js/model/exact_json.js";
import { Prices } from "../../static/market/js/model/prices.js";
import { sampleText } from "./samples.js";

const NOON = Date.parse("2026-01-10T12:00:00.123Z");
const BITCOIN = "binance:BTCUSDT";

const quotesOf = (name) => parse(sampleText(name)).data;

function afterSnapshot() {
    const prices = new Prices();
    prices.apply(quotesOf("snapshot"), NOON + 1000);
    return prices;
}

test("a snapshot fills a line, and the first price has no direction", () => {
    const line = afterSnapshot().get(BITCOIN);

    assert.equal(line.numbers.price, "61828.02");
    assert.equal(line.numbers.high_24h, "61837.63");
    assert.equal(line.direction, "");
    assert.equal(line.moves, 0);
    assert.equal(line.at, NOON);
});

test("the newest change of all is known, and tests do not count", () => {
    const prices = afterSnapshot();

    prices.apply(quotesOf("test_broadcast"), NOON + 1000);

    assert.equal(new Prices().newest, 0);
    assert.equal(prices.newest, NOON + 1);
});

test("an update that holds only what changed leaves the rest", () => {
    const prices = afterSnapshot();

    const changed = prices.apply(quotesOf("price_update"), NOON + 2000);

    const line = prices.get(BITCOIN);
    assert.deepEqual([...changed], [BITCOIN]);
    assert.equal(line.numbers.price, "61828.03");
    assert.equal(line.numbers.high_24h, "61837.63");
    assert.equal(line.direction, "up");
    assert.equal(line.moves, 1);
});

test("the same price again does not move", () => {
    const prices = afterSnapshot();

    prices.apply(quotesOf("snapshot"), NOON + 3000);

    assert.equal(prices.get(BITCOIN).moves, 0);
});

test("a test broadcast is shown for five seconds and never becomes the market's price", () => {
    const prices = afterSnapshot();

    prices.apply(quotesOf("test_broadcast"), NOON + 1000);

    const line = prices.get(BITCOIN);
    assert.equal(line.test.quote.price, "95000");
    assert.equal(line.numbers.price, "61828.02");
    assert.deepEqual(prices.endTests(NOON + 5999), []);
    assert.deepEqual(prices.endTests(NOON + 6000), [BITCOIN]);
    assert.equal(prices.get(BITCOIN).test, null);
    assert.deepEqual(prices.endTests(NOON + 7000), []);
});

test("the market goes on behind a test", () => {
    const prices = afterSnapshot();
    prices.apply(quotesOf("test_broadcast"), NOON + 1000);

    prices.apply(quotesOf("price_update"), NOON + 2000);

    assert.equal(prices.get(BITCOIN).numbers.price, "61828.03");
    assert.equal(prices.get(BITCOIN).test.quote.price, "95000");
});

test("a recording is as young as its arrival, whatever year it is from", () => {
    const prices = new Prices();
    const [quote] = quotesOf("snapshot");

    prices.apply([{ ...quote, source: "replay", timestamp: "2024-08-08T23:54:15.000Z" }], NOON);

    assert.equal(prices.get(BITCOIN).at, NOON);
});

test("a symbol that is watched no more is forgotten", () => {
    const prices = afterSnapshot();

    prices.keepOnly([BITCOIN]);

    assert.ok(prices.get(BITCOIN));
    assert.equal(prices.get("binance:币安人生USDT"), undefined);
});
