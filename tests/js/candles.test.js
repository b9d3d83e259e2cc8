/** The candles of one symbol: what is stored, what is told, and the newest price in the open one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Candles, LENGTHS, intervalOf, withPrice } from "../../static/market/js/model/candles.js";
import { parse } from "../../static/market/js/model/exact_json.js";

const MINUTE = LENGTHS["1m"];

/**
 * @param {number} at minutes
 * @param {string} prices open, high, low and close
 */
function candle(at, prices = "10 12 9 11", more = {}) {
    const [open, high, low, close] = prices.split(" ");
    return { time: at * MINUTE, open, high, low, close, volume: "1", quote_volume: "11", trades: 3, closed: true, ...more };
}

/** @param {...import("../../static/market/js/messages.js").Candle} loaded */
function holding(...loaded) {
    const candles = new Candles("1m");
    candles.load(loaded);
    return candles;
}

test("candles come in any order and are held in the order of time", () => {
    const candles = holding(candle(3), candle(1));
    candles.load([candle(2), candle(0)]);

    assert.deepEqual(candles.all.map(({ time }) => time / MINUTE), [0, 1, 2, 3]);
    assert.equal(candles.first?.time, 0);
    assert.equal(candles.at(2 * MINUTE)?.time, 2 * MINUTE);
    assert.equal(candles.at(9 * MINUTE), undefined);
});

test("a gap is empty slots, never a flat line", () => {
    const slots = holding(candle(0), candle(3)).slots();

    assert.deepEqual(slots.map((slot) => slot.time / MINUTE), [0, 1, 2, 3]);
    assert.deepEqual(slots.map((slot) => slot.candle !== null), [true, false, false, true]);
});

test("a gap of years takes some slots, not millions", () => {
    assert.equal(holding(candle(0), candle(1_000_000)).slots().length, 502);
});

test("a closed candle is not opened again by an older answer", () => {
    const candles = holding(candle(0, "1 1 1 1"));
    candles.load([candle(0, "2 2 2 2", { closed: false })]);
    candles.take(candle(0, "3 3 3 3", { closed: false }));

    assert.equal(candles.last?.close, "1");
    candles.load([candle(0, "4 4 4 4")]); // mended
    assert.equal(candles.last?.close, "4");
});

test("what is told says whether candles before it are missing", () => {
    const candles = holding(candle(0));

    assert.equal(candles.take(candle(0, "5 5 5 5", { closed: false })), true);
    assert.equal(candles.take(candle(1)), true);
    assert.equal(candles.take(candle(4)), false);
});

test("the newest price is in the open candle, with its exact digits", () => {
    const candles = holding(candle(0), candle(1, "11 12 11 11.5", { closed: false }));

    candles.setPrice("12.000000000000000001", MINUTE + 5000);
    assert.deepEqual([candles.last?.high, candles.last?.close], ["12.000000000000000001", "12.000000000000000001"]);
    candles.setPrice("10.5", MINUTE + 6000);

    assert.deepEqual([candles.last?.high, candles.last?.low, candles.last?.close], ["12", "10.5", "10.5"]);
    assert.equal(candles.all.length, 2);
});

test("a price of the next minute begins its candle before that is told", () => {
    const candles = holding(candle(0));

    candles.setPrice("20", MINUTE + 1);
    assert.deepEqual(candles.all.map(({ close }) => close), ["11", "20"]);
    assert.equal(candles.last?.closed, false);
    candles.take(candle(1, "19 21 19 20", { closed: false }));

    assert.deepEqual([candles.last?.open, candles.last?.close, candles.all.length], ["19", "20", 2]);
});

test("an older price changes nothing", () => {
    const candles = holding(candle(5, "1 1 1 1", { closed: false }));
    candles.setPrice("7", 5 * MINUTE + 100);
    candles.setPrice("8", 5 * MINUTE + 50);
    assert.equal(candles.last?.close, "7");

    assert.equal(withPrice(candle(5), { price: "9", at: MINUTE }, MINUTE).close, "11");
    assert.equal(withPrice(candle(5), { price: "9", at: 5 * MINUTE }, MINUTE).close, "11", "it is closed");
});

test("arrows go from candle to candle and stop at the ends", () => {
    const candles = holding(candle(0), candle(1), candle(5));

    assert.equal(candles.beside(null, -1)?.time, 5 * MINUTE);
    assert.equal(candles.beside(5 * MINUTE, -1)?.time, MINUTE);
    assert.equal(candles.beside(MINUTE, -10)?.time, 0);
    assert.equal(candles.beside(MINUTE, 10)?.time, 5 * MINUTE);
});

test("an interval that is none is the first choice", () => {
    assert.deepEqual(["1m", "1d", "3m", "", undefined, "toString"].map(intervalOf), ["1m", "1d", "15m", "15m", "15m", "15m"]);
});

test("the numbers of a candle stay exact", () => {
    const { candle: read } = parse('{"candle":{"time":5,"open":0.000008620000000001,"volume":123456789012345.12345678,"trades":7}}');

    assert.equal(typeof read.time, "number");
    assert.equal(typeof read.open, "string");
});
