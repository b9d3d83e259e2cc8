import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { gettext, interpolate, language, ngettext, pgettext, phrase } from "../../static/market/js/words.js";

const CHINESE = {
    language: "zh-hans",
    catalog: { Price: "价格", "%(count)s symbol": ["%(count)s 个交易对"], "button\u0004Open": "打开" },
    plural: () => 0,
    phrases: [
        ["no prices of (?<exchange>[^ ]+(?: %)?): (?<reason>.+)", "%(exchange)s 没有行情：%(reason)s"],
        ["no answer within (?<seconds>[^ ]+(?: %)?) s", "%(seconds)s 秒内没有应答"],
    ],
};

afterEach(() => delete globalThis.pricefeedWords);

test("without a catalog, as in a worker, words are English", () => {
    assert.equal(gettext("Price"), "Price");
    assert.deepEqual([ngettext("one", "many", 1), ngettext("one", "many", 2)], ["one", "many"]);
    assert.equal(phrase("no answer within 5 s"), "no answer within 5 s");
    assert.equal(language(), "en");
});

test("words are those of the catalog, English where it has none", () => {
    globalThis.pricefeedWords = CHINESE;

    assert.deepEqual([gettext("Price"), gettext("Volume"), gettext("")], ["价格", "Volume", ""]);
    assert.equal(interpolate(ngettext("%(count)s symbol", "%(count)s symbols", 3), { count: 3 }), "3 个交易对");
    assert.deepEqual([pgettext("button", "Open"), pgettext("price", "Open")], ["打开", "Open"]);
});

test("places are filled in with text as it is", () => {
    assert.equal(interpolate("%(price)s of %(symbol)s, %(other)s", { price: "0.10", symbol: "$&" }), "0.10 of $&, %(other)s");
    assert.equal(interpolate("%s to %s", ["1", 2]), "1 to 2");
});

test("a sentence of the server is said in the page's language, and those within it", () => {
    globalThis.pricefeedWords = CHINESE;

    assert.equal(phrase("no prices of binance: no answer within 5 s"), "binance 没有行情：5 秒内没有应答");
    assert.equal(phrase("no prices of binance: something new"), "binance 没有行情：something new");
    assert.equal(phrase("something new"), "something new");
});
