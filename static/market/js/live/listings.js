/**
 * The list of symbols that the board shows, as the server has it now.
 *
 * @import { Listing } from "../messages.js"
 */
import { Changed } from "./changed.js";

const PATIENCE = 5000; // ms

export class Listings {
    #source;

    /**
     * @param {URL} url
     */
    constructor(url) {
        this.#source = new Changed(url, PATIENCE);
    }

    /**
     * The list, or null when it has not changed since it was last asked for. Throws as `Changed.ask` does.
     * @returns {Promise<Listing[] | null>}
     */
    async ask() {
        const answer = await this.#source.ask();
        return answer && answer.symbols;
    }
}
