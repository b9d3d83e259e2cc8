import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../../static/market/js/live/backoff.js";

test("waits double up to the most, and begin again after a reset", () => {
    const waits = backoff({ first: 500, most: 3000, random: () => 1 });

    assert.deepEqual([waits.next(), waits.next(), waits.next(), waits.next(), waits.next()], [500, 1000, 2000, 3000, 3000]);
    waits.reset();
    assert.equal(waits.next(), 500);
});

test("chance spreads a wait over its second half", () => {
    assert.equal(backoff({ first: 500, most: 3000, random: () => 0 }).next(), 250);
});
