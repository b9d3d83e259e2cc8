import assert from "node:assert/strict";
import { test } from "node:test";
import { PLACE, PreferenceStore } from "../../static/market/js/live/preference_store.js";
import { Clock } from "./clock.js";
import { DEFAULTS, merged, readChosen } from "../../static/market/js/model/preferences.js";

const BTC = "binance:BTCUSDT";
const ETH = "binance:ETHUSDT";

/** A store over what a browser and an account hold; `account` null: nobody is signed in. */
function keep({ device = null, account = null } = {}) {
    const kept = new Map(device ? [[PLACE, JSON.stringify(device)]] : []);
    const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
    const told = [];
    const desk = {
        fails: false,
        ask: async () => account && { viewer: account.viewer, chosen: account.chosen },
        async keep(fields) {
            if (desk.fails) throw new Error("gone");
            told.push(fields);
            Object.assign(account.chosen, fields);
            return account;
        },
    };
    const clock = new Clock();
    return { kept, told, desk, clock, store: new PreferenceStore({ storage, desk, clock }) };
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test("what was stored by another version is understood as far as it can be", () => {
    assert.deepEqual(readChosen({ density: "dense", view: "cube", rate: 3, hidden: ["bid", "moon"], favourites: [BTC], fresh: 1 }), {
        density: "dense",
        favourites: [BTC],
    });
    assert.deepEqual(readChosen(null), {});
});

test("who signs in loses nothing that they collected, and else the account decides", () => {
    const account = { density: "dense", favourites: [ETH], groups: [{ name: "Mine", symbols: [ETH] }] };
    const device = { density: "normal", view: "compact", favourites: [BTC], groups: [{ name: "Mine", symbols: [BTC] }, { name: "Other", symbols: [] }] };

    assert.deepEqual(merged(account, device), {
        density: "dense",
        view: "compact",
        favourites: [ETH, BTC],
        groups: [{ name: "Mine", symbols: [ETH, BTC] }, { name: "Other", symbols: [] }],
    });
});

test("without an account this browser keeps them, and forgets them when they are as for everybody", async () => {
    const { store, kept, told } = keep();

    store.change({ density: "dense" });
    assert.deepEqual(JSON.parse(kept.get(PLACE)), { account: null, chosen: { density: "dense" } });
    store.change({ density: "normal" });
    await turn();

    assert.equal(kept.size, 0);
    assert.deepEqual([store.now, told], [{ ...DEFAULTS }, []]);
});

test("what is done while the account is asked is newer than its answer", async () => {
    const account = { viewer: 7, chosen: { density: "dense", panel: true, favourites: [ETH] } };
    const { store, told } = keep({ account });

    const first = store.know(7);
    store.change({ panel: false, view: "compact", favourites: [BTC] });
    await first;
    assert.deepEqual(store.now, { ...DEFAULTS, density: "dense", view: "compact", favourites: [ETH, BTC] });
    assert.deepEqual(told, [{ density: "dense", panel: false, view: "compact", favourites: [ETH, BTC] }]);

    account.chosen = { density: "dense" };
    const second = store.know(7);
    account.chosen = {}; // from here on, but the answer is on its way
    store.change({ panel: true });
    await second;
    assert.deepEqual(store.now, { ...DEFAULTS, density: "dense", panel: true });
    assert.deepEqual(account.chosen, { panel: true });
});

test("at sign-in both are put together once, and the account is told", async () => {
    const { store, told } = keep({ device: { account: null, chosen: { favourites: [BTC] } }, account: { viewer: 7, chosen: { favourites: [ETH] } } });

    await store.know(7);
    await store.know(7);

    assert.deepEqual(store.now.favourites, [ETH, BTC]);
    assert.deepEqual(told, [{ favourites: [ETH, BTC] }]);
    assert.equal(store.hasAccount, true);
});

test("who signs out leaves nothing behind, and somebody else gets nothing of it", async () => {
    const held = { account: 7, chosen: { favourites: [BTC] } };
    const out = keep({ device: held });
    const other = keep({ device: held, account: { viewer: 8, chosen: { density: "dense" } } });

    await out.store.know(null);
    await other.store.know(8);

    assert.deepEqual([out.store.now.favourites, out.kept.size], [[], 0]);
    assert.deepEqual([other.store.now.favourites, other.store.now.density, other.told], [[], "dense", []]);
});

test("what is on its way to the account is not undone by an answer that does not have it yet", async () => {
    const account = { viewer: 7, chosen: {} };
    const { store, desk } = keep({ device: { account: null, chosen: { favourites: [BTC] } }, account });
    let arrive = () => {};
    desk.keep = (fields) => new Promise((resolve) => (arrive = () => resolve(Object.assign(account.chosen, fields))));

    void store.know(7);
    await Promise.race([store.know(7), turn()]); // both are asked, and BTC is being told
    assert.deepEqual(store.now.favourites, [BTC]);
    await store.know(7);
    assert.deepEqual(store.now.favourites, [BTC]);
    store.change({ favourites: [BTC, ETH] });
    await store.know(7);
    assert.deepEqual(store.now.favourites, [BTC, ETH]);
    arrive();
    await turn();
    arrive();
    await turn();

    assert.deepEqual(account.chosen, { favourites: [BTC, ETH] });
});

test("an account that could not be told is told later", async () => {
    const { store, told, desk, clock } = keep({ device: { account: 7, chosen: {} }, account: { viewer: 7, chosen: {} } });

    desk.fails = true;
    store.change({ density: "dense" });
    await turn();
    clock.pass(2_000);
    await turn();
    desk.fails = false;
    clock.pass(4_000);
    await turn();

    assert.deepEqual([told, clock.waiting], [[{ density: "dense" }], 0]);
});

test("what was not told of one account is not told to another", async () => {
    const account = { viewer: 7, chosen: {} };
    const { store, told, desk, clock } = keep({ device: { account: 7, chosen: {} }, account });

    desk.fails = true;
    store.change({ density: "dense" });
    await turn();
    desk.fails = false;
    account.viewer = 8;
    await store.know(8);
    clock.pass(60_000);
    await turn();

    assert.deepEqual([store.now, told], [{ ...DEFAULTS }, []]);
});

test("a change is told as its field alone; what could not be told goes with the next one", async () => {
    const { store, told, desk } = keep({ device: { account: 7, chosen: {} }, account: { viewer: 7, chosen: {} } });
    const troubles = [];
    store.onTrouble = (error) => troubles.push(error.message);

    desk.fails = true;
    store.change({ density: "dense" });
    await turn();
    desk.fails = false;
    store.change({ rate: 1 });
    await turn();

    assert.deepEqual([troubles, told], [["gone"], [{ density: "dense", rate: 1 }]]);
});

test("a browser that forbids to remember anything still shows what was chosen", () => {
    const forbid = () => {
        throw new Error("SecurityError");
    };
    const store = new PreferenceStore({ storage: { getItem: forbid, setItem: forbid, removeItem: forbid }, desk: { ask: forbid, keep: forbid }, clock: new Clock() });

    store.change({ view: "compact" });

    assert.equal(store.now.view, "compact");
});

test("as it was keeps what was collected", () => {
    const { store } = keep({ device: { account: null, chosen: { density: "dense", hidden: ["bid"], favourites: [BTC] } } });

    store.reset();

    assert.deepEqual(store.now, { ...DEFAULTS, favourites: [BTC] });
});
