/** Alerts as marks in a chart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { marksOf } from "../../static/market/js/model/marks.js";

const MINUTE = 60_000;

/**
 * @param {number} id
 * @param {number} second after 1970
 * @param {Partial<import("../../static/market/js/messages.js").Alert>} [more]
 * @returns {any}
 */
function alert(id, second, more = {}) {
    return { id, severity: "warning", price: "100", timestamp: new Date(second * 1000).toISOString(), ...more };
}

test("an alert is marked at its candle and its price", () => {
    const marks = marksOf([alert(7, 61)], MINUTE, { from: 0, to: MINUTE });

    assert.deepEqual(marks, [{ id: "7", time: MINUTE, price: 100, alarming: false, count: 1 }]);
});

test("several in one candle are one mark that leads to the newest", () => {
    const alerts = [alert(9, 70, { price: "102" }), alert(8, 65, { severity: "critical" }), alert(7, 0)];

    assert.deepEqual(
        marksOf(alerts, MINUTE, { from: 0, to: MINUTE }).map(({ id, price, alarming, count }) => [id, price, alarming, count]),
        [["7", 100, false, 1], ["9", 102, true, 2]],
    );
});

test("what the chart does not reach, and what has no price, is not marked", () => {
    assert.deepEqual(marksOf([alert(1, 0), alert(2, 500), alert(3, 130, { price: null })], MINUTE, { from: MINUTE, to: 4 * MINUTE }), []);
});
