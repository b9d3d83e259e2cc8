import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, grouped, pad, round, shift, writingOf } from "../../static/market/js/model/decimal.js";

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

test("thousands stand apart as the reader writes numbers, and no digit is lost", () => {
    assert.equal(grouped("1234567.1234"), "1,234,567.1234");
    assert.equal(grouped("-999"), "\u2212999");
    assert.equal(grouped("123456789012345678901234567890.000000000000000001"), "123,456,789,012,345,678,901,234,567,890.000000000000000001");
});

test("another country writes other groups and another point", () => {
    const written = (locale, whole) => writingOf(locale).digits(whole).replaceAll("\u00a0", " ").replaceAll("\u202f", " ");

    assert.deepEqual(["de-DE", "en-IN", "zh-CN", "es-ES"].map((locale) => written(locale, "1234567")), ["1.234.567", "12,34,567", "1,234,567", "1.234.567"]);
    assert.equal(writingOf("de-DE").point, ",");
    assert.equal(written("es-ES", "1234"), "1.234", "grouped where the country would not, for what is below it is");
    assert.equal(written("ar-EG", "1234").replace(/\D/g, ""), "1234");
});
