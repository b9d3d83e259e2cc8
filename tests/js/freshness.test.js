import assert from "node:assert/strict";
import { test } from "node:test";
import { freshness } from "../../static/market/js/model/freshness.js";

const NOW = 1_768_046_400_000;
const LINKED = { transport: "SSE", doubtful: false, lostAt: 0, retryAt: 0, reason: "", offline: false, refused: false };
const LIVE = { state: "live", reason: "", since: 0, priced: true };
const tell = (link, feed = LIVE) => freshness({ ...LINKED, ...link }, feed, NOW);

test("prices are live when both ways are", () => {
    assert.deepEqual(tell({}), { word: "live", stale: false, since: 0, reason: "" });
});

test("prices are old when the feed is not live, since when and why", () => {
    for (const state of ["delayed", "stale", "down"]) {
        const feed = { state, reason: "HTTP 451", since: NOW - 9000, priced: true };

        assert.deepEqual(tell({}, feed), { word: state, stale: true, since: NOW - 9000, reason: "HTTP 451" });
    }
});

test("a connection that comes back at once leaves prices as they are; one that does not makes them old", () => {
    assert.deepEqual(tell({ transport: "", lostAt: NOW - 500 }).stale, false);
    const lost = tell({ transport: "", lostAt: NOW - 2000, reason: "the server is restarting" });

    assert.deepEqual(lost, { word: "lost", stale: true, since: NOW - 2000, reason: "the server is restarting" });
});

test("a feed that was not live does not look live while the page reconnects", () => {
    const feed = { state: "down", reason: "HTTP 451", since: NOW - 9000, priced: true };

    assert.equal(tell({ transport: "", lostAt: NOW - 500 }, feed).stale, true);
});

test("a silent connection is in doubt, and so are its prices", () => {
    assert.equal(tell({ doubtful: true, lostAt: NOW - 3000 }).word, "lost");
    assert.equal(tell({ doubtful: true, lostAt: NOW - 3000 }).stale, true);
});

test("a board that never had a price does not speak of old ones", () => {
    const feed = { state: "stale", reason: "connection refused", since: NOW, priced: false };

    assert.equal(tell({}, feed).word, "empty");
    assert.equal(tell({}, feed).stale, false);
});

test("offline and refused say so", () => {
    assert.equal(tell({ offline: true, transport: "" }).word, "offline");
    assert.equal(tell({ refused: true, transport: "" }).word, "refused");
});
