import assert from "node:assert/strict";
import { test } from "node:test";
import { memberOf, moved, ownGroup, ownOrder, toggled } from "../../static/market/js/model/arrangement.js";
import { sorted } from "../../static/market/js/model/order.js";

const row = (key, position) => ({ key, symbol: key, position, line: undefined });
const ROWS = ["A", "B", "C", "D"].map(row);
const keys = (rows) => rows.map(({ key }) => key).join("");

test("favourites stand first, then the reader's own order, then that of the board", () => {
    const own = ownOrder({ favourites: ["C"], order: ["D", "A"] });

    assert.equal(keys(sorted(ROWS, null)), "ABCD");
    assert.equal(keys(sorted(ROWS, null, own)), "CDAB");
});

test("a column that is sorted by comes before the reader's own order", () => {
    const own = ownOrder({ favourites: ["C"], order: [] });

    assert.equal(keys(sorted(ROWS, { column: "symbol", descending: true }, own)), "DCBA");
});

test("a row is put before or behind another one", () => {
    const all = ["A", "B", "C", "D"];

    assert.deepEqual(moved(all, "A", { other: "C", behind: true }), ["B", "C", "A", "D"]);
    assert.deepEqual(moved(all, "D", { other: "A", behind: false }), ["D", "A", "B", "C"]);
    assert.deepEqual(moved(all, "A", { other: "X", behind: true }), all);
});

test("a group has its own rows, those of a quote asset, favourites, or all", () => {
    const groups = [{ name: "Mine: all", symbols: ["A"] }];
    const rows = [{ key: "A", quote: "USDT" }, { key: "B", quote: "BTC" }];
    const shown = (group) => rows.filter(memberOf({ group, groups, favourites: ["B"] })).map(({ key }) => key).join("");

    assert.deepEqual(["all", "favourites", "quote:USDT", "own:Mine: all", "own:gone", "?"].map(shown), ["AB", "B", "A", "A", "AB", "AB"]);
    assert.equal(ownGroup({ group: "own:Mine: all", groups }), groups[0]);
    assert.equal(ownGroup({ group: "all", groups }), undefined);
});

test("what is clicked twice is as it was", () => {
    assert.deepEqual(toggled(toggled(["A"], "B"), "B"), ["A"]);
});
