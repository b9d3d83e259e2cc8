/**
 * What the page asks the server about alerts, and tells it of them.
 *
 * @import { Alert } from "../messages.js"
 * @import { Summary } from "../model/alerts.js"
 * @import { Threshold } from "../model/thresholds.js"
 *
 * @typedef {Summary & { viewer: number | null, staff: boolean, thresholds: Threshold[] }} Known
 */

import { Changed } from "./changed.js";
import { parse } from "../model/exact_json.js";

const PATIENCE = 5000; // ms
const NEWEST = 20;

export class AlertDesk {
    #summaryUrl;
    #summary;
    #token;

    /**
     * @param {URL} summaryUrl
     * @param {() => string} token the CSRF token as it is now
     */
    constructor(summaryUrl, token) {
        this.#summaryUrl = summaryUrl;
        this.#summary = new Changed(summaryUrl, PATIENCE);
        this.#token = token;
    }

    /**
     * What the server knows, or null when that has not changed since it was last asked.
     * Throws as `Changed.ask` does.
     * @returns {Promise<Known | null>}
     */
    ask() {
        return this.#summary.ask();
    }

    /**
     * @param {number} id
     */
    acknowledge(id) {
        return this.#tell(id, "ack", {});
    }

    /**
     * @param {number} id
     * @param {number} minutes
     */
    snooze(id, minutes) {
        return this.#tell(id, "snooze", { minutes });
    }

    /**
     * The newest alerts that the reader may see, newest first. Throws as `ask` does.
     * @param {string} address
     * @returns {Promise<Alert[]>}
     */
    async newest(address) {
        const url = new URL(`${address}?limit=${NEWEST}`, this.#summaryUrl);
        const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
        const text = await response.text();
        if (!response.ok) throw new Error(`alerts: ${response.status}`);
        return parse(text).alerts;
    }

    /**
     * The page as the server writes it now; for lists, whose rows are the server's.
     * Throws what fetch throws, and an Error when the server refuses.
     * @param {string} address
     */
    async page(address) {
        const response = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
        if (!response.ok) throw new Error(`the list of alerts: ${response.status}`);
        return new DOMParser().parseFromString(await response.text(), "text/html");
    }

    /**
     * Throws what fetch throws, and an Error with the server's words when it refuses.
     * @param {number} id
     * @param {"ack" | "snooze"} verb
     * @param {Record<string, number>} words
     */
    async #tell(id, verb, words) {
        const headers = { "Content-Type": "application/json", "X-CSRFToken": this.#token() };
        const options = { method: "POST", headers, body: JSON.stringify(words), signal: AbortSignal.timeout(PATIENCE) };
        const response = await fetch(new URL(`${id}/${verb}`, this.#summaryUrl), options);
        if (response.ok) return;
        const { error } = await response.json().catch(() => ({ error: null }));
        throw new Error(error?.message ?? `the server answered ${response.status}`);
    }
}
