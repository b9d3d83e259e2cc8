import assert from "node:assert/strict";
import { test } from "node:test";
import { matches, nextOrder, sorted } from "../../static/market/js/model/order.js";

const row = (symbol, position, price) => ({
    symbol,
    position,
    line: price === undefined ? undefined : { numbers: { price }, at: position },
});
const ROWS = [row("ETHUSDT", 1, "3000"), row("BTCUSDT", 0, "61828.02"), row("NEWUSDT", 2), row("XRPUSDT", 3, "3000.0")];
const namesOf = (rows) => rows.map(({ symbol }) => symbol.slice(0, 3));

test("without an order rows stand as staff put them", () => {
    assert.deepEqual(namesOf(sorted(ROWS, null)), ["BTC", "ETH", "NEW", "XRP"]);
});

test("numbers sort by value, equal ones stay in the board's order, missing ones come last both ways", () => {
    assert.deepEqual(namesOf(sorted(ROWS, { column: "price", descending: true })), ["BTC", "ETH", "XRP", "NEW"]);
    assert.deepEqual(namesOf(sorted(ROWS, { column: "price", descending: false })), ["ETH", "XRP", "BTC", "NEW"]);
});

test("names sort by letter", () => {
    assert.deepEqual(namesOf(sorted(ROWS, { column: "symbol", descending: true })), ["XRP", "NEW", "ETH", "BTC"]);
});

test("a head clicked three times leads back to the board's order", () => {
    const first = nextOrder(null, "price");
    const second = nextOrder(first, "price");

    assert.deepEqual(first, { column: "price", descending: true });
    assert.deepEqual(second, { column: "price", descending: false });
    assert.equal(nextOrder(second, "price"), null);
    assert.deepEqual(nextOrder(second, "symbol"), { column: "symbol", descending: false });
});

test("a search finds every word in any name, whatever its case", () => {
    assert.ok(matches("", ["BTCUSDT"]));
    assert.ok(matches("btc usdt", ["BTCUSDT", "BTC/USDT"]));
    assert.ok(matches("币安", ["币安人生USDT"]));
    assert.ok(!matches("btc eur", ["BTCUSDT", "BTC/USDT"]));
});
