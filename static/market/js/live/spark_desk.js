/**
 * How each price went in the last 24 hours, all rows in one answer of the server.
 *
 * @import { Series } from "../model/spark.js"
 *
 * @typedef {{ source: string, series: Map<string, Series> }} Sparks by the keys of rows
 */

const PATIENCE = 10 * 1000; // ms

export class SparkDesk {
    #url;
    #tag = "";

    /**
     * @param {URL} url
     */
    constructor(url) {
        this.#url = url;
    }

    /**
     * The lines, or null when they are as they were when last asked for.
     * Throws what fetch throws, and an Error when the server refuses.
     * @returns {Promise<Sparks | null>}
     */
    async ask() {
        const headers = { "If-None-Match": this.#tag };
        const response = await fetch(this.#url, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
        const text = await response.text(); // also of a 304: a body left unread makes the browser report an abort
        if (response.status === 304) return null;
        if (!response.ok) throw new Error(`sparklines: ${response.status}`);
        this.#tag = response.headers.get("ETag") ?? "";
        const { source, from, step, data } = JSON.parse(text);
        const series = Object.entries(data).map(([key, values]) => [key, { from, step, values }]);
        return { source, series: new Map(/** @type {[string, Series][]} */ (series)) };
    }
}
