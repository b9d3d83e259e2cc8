/**
 * What the reader chose, kept in this browser and, for who is signed in, in their account.
 *
 * The browser's copy is what a page begins with, before anything is painted (page/early.js). Who signs in takes along
 * what they chose before (`merged`); after that the account decides. Who signs out, or signs in as somebody else, leaves
 * nothing of it behind. A change is one field: two devices, or two pages, do not undo each other.
 *
 * @import { Chosen, Preferences } from "../model/preferences.js"
 * @import { Clock } from "./attempt.js"
 * @import { PreferenceDesk } from "./preference_desk.js"
 */
import { backoff } from "./backoff.js";
import { DEFAULTS, merged, readChosen } from "../model/preferences.js";

export const PLACE = "pricefeed.board"; // page/early.js reads it too

/** @typedef {{ account: number | null, chosen: Chosen }} Copy */

export class PreferenceStore {
    #storage;
    #desk;
    /** @type {Copy} */
    #copy;
    /** @type {Chosen} what the account was not told yet */
    #untold = {};
    /** @type {Chosen | null} what it is being told */
    #telling = null;
    /** @type {Set<Chosen>} for each question to the account: what is newer than its answer */
    #newer = new Set();
    #clock;
    #pauses;

    /** Called after each change, whoever made it. */
    onChange = (/** @type {Preferences} */ _now) => {};
    /** Called when the account could not be told, which it will be later, or asked, which it will be with the next `know`. */
    onTrouble = (/** @type {unknown} */ _error) => {};

    /**
     * @param {{ storage: Pick<Storage, "getItem" | "setItem" | "removeItem">, desk: Pick<PreferenceDesk, "ask" | "keep">, clock: Clock }} parts
     */
    constructor({ storage, desk, clock }) {
        this.#storage = storage;
        this.#desk = desk;
        this.#clock = clock;
        this.#pauses = backoff({ first: 2000, most: 60_000, random: clock.random });
        this.#copy = this.#read();
    }

    /** @returns {Preferences} */
    get now() {
        return { ...DEFAULTS, ...this.#copy.chosen };
    }

    /** Whether the account keeps them, and not this browser alone. */
    get hasAccount() {
        return this.#copy.account !== null;
    }

    /**
     * @param {Chosen} fields
     */
    change(fields) {
        this.#take({ ...this.#copy, chosen: { ...this.#copy.chosen, ...fields } });
        void this.#note(fields);
    }

    /**
     * No answer of the account that is on its way has them; and it has to be told.
     * @param {Chosen} fields
     */
    async #note(fields) {
        for (const newer of this.#newer) Object.assign(newer, fields);
        if (!this.hasAccount) return;
        Object.assign(this.#untold, fields);
        await this.#tell();
    }

    /** The board as it is for everybody; favourites, order and groups stay: they are work. */
    reset() {
        const { favourites, order, groups } = this.now;
        this.change({ ...DEFAULTS, favourites, order, groups });
    }

    /** Another page of this browser changed it. */
    reread() {
        this.#copy = this.#read();
        this.onChange(this.now);
    }

    /**
     * Who is signed in, as the server just said.
     * @param {number | null} viewer
     */
    async know(viewer) {
        if (viewer === null) return this.hasAccount ? this.#leave() : undefined;
        const newer = { ...this.#telling };
        this.#newer.add(newer);
        try {
            const kept = await this.#desk.ask();
            if (kept) await this.#adopt(kept, newer);
        } catch (error) {
            this.onTrouble(error);
        } finally {
            this.#newer.delete(newer);
        }
    }

    #leave() {
        this.#forget();
        this.#take({ account: null, chosen: {} });
    }

    /**
     * @param {{ viewer: number, chosen: Chosen }} kept
     * @param {Chosen} newer
     */
    async #adopt({ viewer, chosen }, newer) {
        const { account } = this.#copy;
        if (account !== null && account !== viewer) {
            this.#forget();
            return this.#take({ account: viewer, chosen });
        }
        if (account !== null) return this.#take({ account, chosen: { ...chosen, ...newer, ...this.#untold } });
        const both = merged(chosen, this.#copy.chosen, newer);
        this.#take({ account: viewer, chosen: both });
        if (JSON.stringify(both) !== JSON.stringify(chosen)) await this.#note(both);
    }

    /** What an account was not told is nobody else's. */
    #forget() {
        this.#untold = {};
        if (this.#telling) this.#telling = {};
    }

    /**
     * @param {Copy} copy
     */
    #take(copy) {
        this.#copy = { account: copy.account, chosen: differing(copy.chosen) };
        this.#write();
        this.onChange(this.now);
    }

    /** One change after the other; what came meanwhile goes with the next. */
    async #tell(isAgain = false) {
        if (this.#telling) return;
        try {
            while (Object.keys(this.#untold).length) {
                this.#telling = this.#untold;
                this.#untold = {};
                await this.#desk.keep(this.#telling);
            }
            this.#pauses.reset();
            if (isAgain) this.onChange(this.now);
        } catch (error) {
            this.#untold = { ...this.#telling, ...this.#untold };
            this.onTrouble(error);
            this.#clock.setTimeout(() => void this.#tell(true), this.#pauses.next());
        } finally {
            this.#telling = null;
        }
    }

    /** @returns {Copy} */
    #read() {
        try {
            const { account, chosen } = JSON.parse(this.#storage.getItem(PLACE) ?? "{}");
            return { account: typeof account === "number" ? account : null, chosen: readChosen(chosen) };
        } catch (error) {
            console.info("preferences cannot be read:", error); // a browser may forbid to remember anything
            return { account: null, chosen: {} };
        }
    }

    #write() {
        const { account, chosen } = this.#copy;
        try {
            if (account === null && !Object.keys(chosen).length) this.#storage.removeItem(PLACE);
            else this.#storage.setItem(PLACE, JSON.stringify(this.#copy));
        } catch (error) {
            console.info("preferences cannot be kept:", error);
        }
    }
}

/**
 * Without what is as it is for everybody.
 * @param {Chosen} chosen
 * @returns {Chosen}
 */
function differing(chosen) {
    const entries = Object.entries(chosen).filter(
        ([name, value]) => JSON.stringify(value) !== JSON.stringify(DEFAULTS[/** @type {keyof Preferences} */ (name)]),
    );
    return Object.fromEntries(entries);
}
