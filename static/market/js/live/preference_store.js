/**
 * What the reader chose, kept in this browser and, for who is signed in, in their account.
 *
 * The browser's copy is what a page begins with, before anything is painted (page/early.js). Who signs in takes along
 * what they chose before (`merged`); after that the account decides. Who signs out, or signs in as somebody else, leaves
 * nothing of it behind. A change is one field: two devices, or two pages, do not undo each other.
 *
 * @import { Chosen, Preferences } from "../model/preferences.js"
 * @import { PreferenceDesk } from "./preference_desk.js"
 */
import { DEFAULTS, merged, readChosen } from "../model/preferences.js";

export const PLACE = "pricefeed.board"; // page/early.js reads it too

/** @typedef {{ account: number | null, chosen: Chosen }} Copy */

export class PreferenceStore {
    #storage;
    #desk;
    /** @type {Copy} */
    #copy;
    /** @type {Record<string, unknown>} what the account was not told yet */
    #untold = {};
    /** @type {Chosen} what was changed while the account was asked: newer than its answer */
    #since = {};
    #isTelling = false;

    /** Called after each change, whoever made it. */
    onChange = (/** @type {Preferences} */ _now) => {};
    /** Called when the account could not be told; it will be with the next change, or when the page is loaded anew. */
    onTrouble = (/** @type {unknown} */ _error) => {};

    /**
     * @param {{ storage: Pick<Storage, "getItem" | "setItem" | "removeItem">, desk: Pick<PreferenceDesk, "ask" | "keep"> }} places
     */
    constructor({ storage, desk }) {
        this.#storage = storage;
        this.#desk = desk;
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
        Object.assign(this.#since, fields);
        if (!this.hasAccount) return;
        Object.assign(this.#untold, fields);
        void this.#tell();
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
        if (viewer === null) return this.hasAccount ? this.#take({ account: null, chosen: {} }) : undefined;
        this.#since = {};
        try {
            const kept = await this.#desk.ask();
            if (!kept) return;
            const isNew = !this.hasAccount;
            const both = isNew ? merged(kept.chosen, this.#copy.chosen, this.#since) : { ...kept.chosen, ...this.#since };
            this.#take({ account: kept.viewer, chosen: { ...both, ...this.#untold } });
            if (isNew && JSON.stringify(both) !== JSON.stringify(kept.chosen)) await this.#desk.keep(both);
        } catch (error) {
            this.onTrouble(error);
        }
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
    async #tell() {
        if (this.#isTelling) return;
        this.#isTelling = true;
        try {
            while (Object.keys(this.#untold).length) {
                const fields = this.#untold;
                this.#untold = {};
                await this.#desk.keep(fields).catch((error) => {
                    this.#untold = { ...fields, ...this.#untold };
                    throw error;
                });
            }
        } catch (error) {
            this.onTrouble(error);
        } finally {
            this.#isTelling = false;
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
