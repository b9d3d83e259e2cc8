import assert from "node:assert/strict";
import { test } from "node:test";
import { Alerts } from "../../static/market/js/model/alerts.js";

const NOON = Date.parse("2026-01-10T12:00:00Z");
const crossing = (id, more = {}) => ({ id, severity: "warning", acknowledged: false, snoozed_until: null, ...more });
const shown = (alerts) => alerts.toasts.shown.map(({ alert }) => alert.id);

test("an alert is announced once, by however many ways it comes", () => {
    const alerts = new Alerts();

    assert.equal(alerts.take(crossing(17), NOON), true);
    assert.equal(alerts.take(crossing(17), NOON), false);

    assert.equal(alerts.unacknowledged, 1);
    assert.deepEqual(shown(alerts), [17]);
});

test("a storm shows the newest three and says how many more there are", () => {
    const alerts = new Alerts();

    for (const id of [11, 12, 15, 14, 13]) alerts.take(crossing(id), NOON);

    assert.deepEqual(shown(alerts), [15, 14, 13]);
    assert.equal(alerts.toasts.more, 2);
    assert.equal(alerts.unacknowledged, 5);
    alerts.dismiss(15);
    assert.deepEqual(shown(alerts), [14, 13, 12]);
    assert.equal(alerts.unacknowledged, 5);
    alerts.dismissAll();
    assert.deepEqual(alerts.toasts, { shown: [], more: 0 });
});

test("what somebody acknowledged or snoozed waits no more", () => {
    const alerts = new Alerts();
    alerts.know({ unacknowledged: 3, waiting: [5, 4], newest: 6 });
    alerts.take(crossing(7), NOON);

    alerts.settle(7);
    alerts.settle(4);
    alerts.settle(4);

    assert.equal(alerts.unacknowledged, 2);
    assert.deepEqual(shown(alerts), []);
});

test("an alert that was settled before it came is not announced", () => {
    const alerts = new Alerts();

    assert.equal(alerts.take(crossing(1, { acknowledged: true }), NOON), false);
    assert.equal(alerts.take(crossing(2, { snoozed_until: "2026-01-10T12:10:00Z" }), NOON), false);
    assert.equal(alerts.take(crossing(3, { snoozed_until: "2026-01-10T11:50:00Z" }), NOON), true);

    assert.equal(alerts.unacknowledged, 1);
});

test("what the server counts wins, except over what it does not know of yet", () => {
    const alerts = new Alerts();
    for (const id of [5, 6, 7]) alerts.take(crossing(id), NOON);

    alerts.know({ unacknowledged: 41, waiting: [6, 4], newest: 6 });

    assert.equal(alerts.unacknowledged, 42);
    assert.deepEqual(shown(alerts), [7, 6]);
    alerts.know({ unacknowledged: 0, waiting: [], newest: 7 });
    assert.equal(alerts.unacknowledged, 0);
    assert.deepEqual(shown(alerts), []);
});

test("toasts go by themselves, critical ones do not", () => {
    const alerts = new Alerts();
    alerts.take(crossing(1, { severity: "critical" }), NOON);
    alerts.take(crossing(2), NOON);
    alerts.take(crossing(3, { severity: "info" }), NOON);

    assert.equal(alerts.expire(NOON + 14_000), false);
    assert.equal(alerts.expire(NOON + 15_000), true);
    assert.deepEqual(shown(alerts), [2, 1]);
    alerts.welcome(NOON + 58_000);
    alerts.expire(NOON + 60_000);
    assert.deepEqual(shown(alerts), [2, 1]);
    alerts.expire(NOON + 24 * 3_600_000);

    assert.deepEqual(shown(alerts), [1]);
    assert.equal(alerts.unacknowledged, 3);
});

test("what the server left out is in the number of more until it is dismissed", () => {
    const alerts = new Alerts();
    alerts.take(crossing(1), NOON);

    alerts.skip(700);

    assert.deepEqual([shown(alerts), alerts.toasts.more], [[1], 700]);
    alerts.dismissAll();
    assert.equal(alerts.toasts.more, 0);
});
