import assert from "node:assert/strict";
import { test } from "node:test";
import { sparkLines } from "../../static/market/js/model/spark.js";

const STEP = 15 * 60_000;
const NOW = 1_768_046_400_000;
const FRAME = { now: NOW, width: 96, height: 20 };
const series = (...values) => ({ from: NOW - values.length * STEP, step: STEP, values });

test("prices of the day become one line that ends at the newest price", () => {
    const [line, ...others] = sparkLines(series(1, 2, 3), { price: 4, at: NOW }, FRAME);

    assert.equal(others.length, 0);
    assert.equal(line.length, 4);
    assert.equal(line.at(-1).x, 96);
    assert.ok(line[0].y > line[3].y, "up is up");
});

test("nothing is drawn over a gap", () => {
    const lines = sparkLines(series(1, 2, null, null, 3, 4), null, FRAME);

    assert.deepEqual(lines.map((line) => line.length), [2, 2]);
});

test("a newest price that came long after the last one known is a dot of its own", () => {
    const lines = sparkLines(series(1, 2, null, null), { price: 3, at: NOW }, FRAME);

    assert.deepEqual(lines.map((line) => line.length), [2, 1]);
});

test("without a past there is a dot, and without anything nothing", () => {
    assert.deepEqual(sparkLines(undefined, { price: 3, at: NOW }, FRAME).map((line) => line.length), [1]);
    assert.deepEqual(sparkLines(undefined, null, FRAME), []);
    assert.deepEqual(sparkLines(series(null, null), null, FRAME), []);
});

test("an old price stands where its time is, and one that is older than the line is left out", () => {
    const [line] = sparkLines(series(1, 2, 3), { price: 4, at: NOW - STEP / 2 }, FRAME);
    const [same] = sparkLines(series(1, 2, 3), { price: 4, at: NOW - 5 * STEP }, FRAME);

    assert.equal(line.length, 3, "the last close is newer");
    assert.equal(same.length, 3);
});

test("what is older than a day is not shown, and a price that never moved is a line in the middle", () => {
    const [line] = sparkLines({ from: NOW - 200 * STEP, step: STEP, values: new Array(200).fill(5) }, null, FRAME);

    assert.ok(line.length <= 97);
    assert.ok(line.every(({ x, y }) => x >= 0 && x <= 96 && y === 10));
});
