/**
 * The list of symbols that the board shows, as the server has it now.
 *
 * @import { Listing } from "../messages.js"
 */

const PATIENCE = 5000; // ms

export class Listings {
    #url;
    #tag = "";

    /**
     * @param {URL} url
     */
    constructor(url) {
        this.#url = url;
    }

    /**
     * The list, or null when it has not changed since it was last asked for.
     * Throws what fetch throws, and an Error when the server refuses.
     * @returns {Promise<Listing[] | null>}
     */
    async ask() {
        const headers = { "If-None-Match": this.#tag };
        const response = await fetch(this.#url, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
        const text = await response.text(); // also of a 304: a body left unread makes the browser report an abort
        if (response.status === 304) return null;
        if (!response.ok) throw new Error(`the list of symbols: ${response.status}`);
        this.#tag = response.headers.get("ETag") ?? "";
        return JSON.parse(text).symbols;
    }
}
