import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, grouped, pad, round, shift } from "../../static/market/js/model/decimal.js";

test("numbers are compared by value, not as text and not as doubles", () => {
    assert.equal(compare("9.5", "10"), -1);
    assert.equal(compare("0.1", "0.10"), 0);
    assert.equal(compare("-1", "-2"), 1);
    assert.equal(compare("-0.016", "0"), -1);
    assert.equal(compare("123456789012.12345679", "123456789012.12345678"), 1);
});

test("rounding is half away from zero and never leaves a minus before nothing", () => {
    assert.equal(round("2.345", 2), "2.35");
    assert.equal(round("-2.345", 2), "-2.35");
    assert.equal(round("-0.004", 2), "0.00");
    assert.equal(round("999.995", 2), "1000.00");
    assert.equal(round("7", 0), "7");
});

test("padding never cuts a digit off", () => {
    assert.equal(pad("1", 2), "1.00");
    assert.equal(pad("1.5", 2), "1.50");
    assert.equal(pad("1.2345", 2), "1.2345");
    assert.equal(pad("1", 0), "1");
});

test("shifting the dot keeps every digit", () => {
    assert.equal(shift("123456789.12", 6), "123.45678912");
    assert.equal(shift("5", 3), "0.005");
    assert.equal(shift("-1234.5", 3), "-1.2345");
});

test("thousands stand apart by a thin space", () => {
    assert.equal(grouped("1234567.1234"), "1\u202f234\u202f567.1234");
    assert.equal(grouped("-999"), "\u2212999");
});
