import assert from "node:assert/strict";
import { test } from "node:test";
import { NUMBERS, parse, plain } from "../../static/market/js/model/exact_json.js";
import { sampleText } from "./samples.js";

const KEEPS_SOURCE = JSON.parse("1.10", (name, value, context) => context?.source ?? value) === "1.10";

test("the numbers of a quote are decimal text, other numbers stay numbers", () => {
    const { data } = parse(sampleText("snapshot"));

    assert.equal(data[0].price, "61828.02");
    assert.equal(data[0].change_24h, "-0.016");
    assert.equal(data[1].price, "0.00000001");
    assert.equal(data[1].change_24h, "0");
    assert.equal(parse(sampleText("connected")).heartbeat, 20);
});

test("every number that a quote can hold is kept", () => {
    const [whole] = parse(sampleText("snapshot")).data;

    for (const name of NUMBERS) assert.equal(typeof whole[name], "string", name);
});

test("a long volume is exact where the engine hands out the source", { skip: !KEEPS_SOURCE }, () => {
    const [whole] = parse(sampleText("snapshot")).data;

    assert.equal(whole.volume_24h, "123456789012.12345678");
});

test("a double is written without an exponent", () => {
    assert.equal(plain(1e-8), "0.00000001");
    assert.equal(plain(-2.5e-7), "-0.00000025");
    assert.equal(plain(1e21), "1000000000000000000000");
    assert.equal(plain(61828.02), "61828.02");
});

test("what is no JSON raises SyntaxError", () => {
    assert.throws(() => parse("<html>"), SyntaxError);
});
