import assert from "node:assert/strict";
import { test } from "node:test";
import { distanceWords, nearest } from "../../static/market/js/model/thresholds.js";

const rule = (condition, threshold, upper = null) => ({ key: "binance:BTCUSDT", condition, threshold, upper, text: condition });
const at = (price, change_24h) => ({ price, change_24h });
const words = (rules, numbers) => {
    const distance = nearest(rules, numbers);
    return distance && [distance.text, distanceWords(distance).replaceAll("\u202f", " "), distance.past];
};

test("the nearest threshold is told with the way the price has to go", () => {
    const rules = [rule("above", "110"), rule("below", "99.2"), rule("cross", "102")];

    assert.deepEqual(words(rules, at("100")), ["below", "−0.8 %", false]);
    assert.deepEqual(words(rules, at("101.5")), ["cross", "+0.5 %", false]);
    assert.deepEqual(words([rule("above", "150")], at("100")), ["above", "+50 %", false]);
    assert.deepEqual(words([rule("above", "100.05")], at("100")), ["above", "< 0.1 %", false]);
});

test("a threshold that is passed stands behind those that can still fire", () => {
    assert.deepEqual(words([rule("above", "99"), rule("below", "90")], at("100")), ["below", "−10 %", false]);
    assert.deepEqual(words([rule("above", "99")], at("100")), ["above", "−1.0 %", true]);
});

test("a range has two edges", () => {
    assert.deepEqual(words([rule("enters", "102", "110")], at("100")), ["enters", "+2.0 %", false]);
    assert.deepEqual(words([rule("enters", "80", "98")], at("100")), ["enters", "−2.0 %", false]);
    assert.deepEqual(words([rule("leaves", "90", "103")], at("100")), ["leaves", "+3.0 %", false]);
    assert.deepEqual(words([rule("leaves", "90", "95")], at("100")), ["leaves", "−5.0 %", true]);
});

test("a threshold on the change of the day is a place too", () => {
    // 100 at +5 % means that it opened at 95.24; +10 % is 104.76.
    assert.deepEqual(words([rule("change_above", "10")], at("100", "5")), ["change_above", "+4.8 %", false]);
    assert.deepEqual(words([rule("change_below", "-5")], at("100", "0")), ["change_below", "−5.0 %", false]);
    assert.equal(words([rule("change_above", "10")], at("100")), null);
});

test("without a price, and for moves within a window, there is no distance", () => {
    assert.equal(words([rule("above", "10")], {}), null);
    assert.equal(words([rule("moved", "3")], at("100")), null);
    assert.equal(words([], at("100")), null);
});
