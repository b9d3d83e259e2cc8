import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { THIN_SPACE } from "../../static/market/js/model/decimal.js";
import { age, percent, price, volume } from "../../static/market/js/model/format.js";
import { sampleText } from "./samples.js";

const FORMS = { price, percent, volume };

afterEach(() => delete globalThis.pricefeedWords);

for (const { form, text, digits = null, shown, language = "en" } of JSON.parse(sampleText("display"))) {
    test(`${form} of ${text} is ${shown}, as on the server`, () => {
        globalThis.pricefeedWords = { language, catalog: {}, plural: () => 0 };
        assert.equal(FORMS[form](text ?? undefined, digits), shown.replaceAll(" ", THIN_SPACE));
    });
}

test("an age is told in one unit", () => {
    const told = (ms) => age(ms).replace(THIN_SPACE, " ");

    assert.deepEqual(
        [-5000, 1499, 1500, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000].map(told),
        ["now", "now", "1 s", "59 s", "1 min", "59 min", "1 h", "1 d"],
    );
});
