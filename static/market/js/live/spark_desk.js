/**
 * How each price went in the last 24 hours, all rows in one answer of the server.
 *
 * @import { Series } from "../model/spark.js"
 *
 * @typedef {{ source: string, series: Map<string, Series> }} Sparks by the keys of rows
 */
import { Changed } from "./changed.js";

const PATIENCE = 10 * 1000; // ms

export class SparkDesk {
    #source;

    /**
     * @param {URL} url
     */
    constructor(url) {
        this.#source = new Changed(url, PATIENCE);
    }

    /**
     * The lines, or null when they are as they were when last asked for. Throws as `Changed.ask` does.
     * @returns {Promise<Sparks | null>}
     */
    async ask() {
        const answer = await this.#source.ask();
        if (!answer) return null;
        const { source, from, step, data } = answer;
        const series = Object.entries(data).map(([key, values]) => [key, { from, step, values }]);
        return { source, series: new Map(/** @type {[string, Series][]} */ (series)) };
    }
}
