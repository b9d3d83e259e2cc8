/** Prices in steps of the tick size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decimals, moved, seen, snapped } from "../../static/market/js/model/ticks.js";

test("a place in a chart becomes the nearest price that there is", () => {
    assert.equal(snapped(95000.014999, "0.01"), "95000.01");
    assert.equal(snapped(95000.016, "0.01"), "95000.02");
    assert.equal(snapped(95003, "5"), "95005");
    assert.equal(snapped(0.0000086249, "0.00000001"), "0.00000862");
    assert.equal(snapped(1.1, "0.25"), "1");
    assert.equal(snapped(100, "0.01"), "100");
});

test("no price is nothing or less", () => {
    assert.equal(snapped(-3, "0.01"), "0.01");
    assert.equal(moved("0.02", -10, "0.01"), "0.01");
});

test("steps are exact where doubles are not", () => {
    let price = "0.1";
    for (let count = 0; count < 1000; count += 1) price = moved(price, 1, "0.1");

    assert.equal(price, "100.1");
});

test("without a tick size a step is a thousandth", () => {
    assert.equal(moved("2000", 1, ""), "2002");
    assert.equal(snapped(1234.56789, ""), "1234.57");
});

test("so many decimals that the size of a price can be seen", () => {
    assert.deepEqual([95000, 12.5, 0.1573, 0.00000862, 0].map(decimals), [1, 4, 6, 11, 2]);
    assert.equal(seen(0.1 + 0.2, 2), "0.30");
});
