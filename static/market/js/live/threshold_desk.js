/**
 * The thresholds of one symbol: asked of the server, and moved.
 *
 * @import { Ends, RuleLine } from "../messages.js"
 *
 * @typedef {{ thresholds: RuleLine[], may_change: boolean }} Lines
 * @typedef {{ threshold: RuleLine, before: Ends }} Moved
 */

const PATIENCE = 8000; // ms
const CONFLICT = 409;

/** Somebody else was faster; the lines have to be read anew. */
export class Overtaken extends Error {}

export class ThresholdDesk {
    #url;
    #name;
    #token;

    /**
     * @param {URL} url
     * @param {string} name of the symbol, with its exchange
     * @param {() => string} token the CSRF token as it is now
     */
    constructor(url, name, token) {
        this.#url = url;
        this.#name = name;
        this.#token = token;
    }

    /**
     * Throws what fetch throws, and an Error when the server refuses.
     * @returns {Promise<Lines>}
     */
    async read() {
        const address = new URL(this.#url);
        address.searchParams.set("symbol", this.#name);
        const response = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
        if (!response.ok) throw new Error(`thresholds: ${response.status}`);
        return response.json();
    }

    /**
     * Throws what fetch throws, and an Error with the server's words when it refuses.
     * @param {{ id: number, version: number }} line
     * @param {Ends} ends
     * @returns {Promise<Moved>}
     */
    async move({ id, version }, ends) {
        const headers = { "Content-Type": "application/json", "X-CSRFToken": this.#token() };
        const body = JSON.stringify({ version, ...ends });
        const options = { method: "POST", headers, body, signal: AbortSignal.timeout(PATIENCE) };
        const response = await fetch(`${this.#url.pathname}/${id}`, options);
        if (response.ok) return response.json();
        const { error } = await response.json().catch(() => ({ error: null }));
        const words = error?.message ?? `${response.status}`;
        throw response.status === CONFLICT ? new Overtaken(words) : new Error(words);
    }
}
