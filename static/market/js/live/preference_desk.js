/**
 * The preferences of the reader's account, as the server keeps them.
 *
 * @import { Chosen } from "../model/preferences.js"
 */
import { readChosen } from "../model/preferences.js";

const PATIENCE = 5000; // ms

export class PreferenceDesk {
    #url;
    #token;

    /**
     * @param {URL} url
     * @param {() => string} token the CSRF token as it is now
     */
    constructor(url, token) {
        this.#url = url;
        this.#token = token;
    }

    /**
     * Whose they are, and what was chosen; null: nobody is signed in any more.
     * Throws what fetch throws, and an Error when the server refuses.
     * @returns {Promise<{ viewer: number, chosen: Chosen } | null>}
     */
    async ask() {
        return this.#answer(await fetch(this.#url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }));
    }

    /**
     * Throws as `ask` does.
     * @param {Record<string, unknown>} fields null for one that is not chosen any more
     */
    async keep(fields) {
        const headers = { "Content-Type": "application/json", "X-CSRFToken": this.#token() };
        const options = { method: "PATCH", headers, body: JSON.stringify(fields), signal: AbortSignal.timeout(PATIENCE) };
        return this.#answer(await fetch(this.#url, options));
    }

    /**
     * @param {Response} response
     */
    async #answer(response) {
        const words = await response.json();
        if (response.status === 401) return null;
        if (!response.ok) throw new Error(words?.error?.message ?? `preferences: ${response.status}`);
        return { viewer: Number(words.viewer), chosen: readChosen(words.preferences) };
    }
}
