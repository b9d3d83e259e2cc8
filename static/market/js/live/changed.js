/**
 * What stands at an address, asked for again and again: the server says by its ETag when it is as it was.
 */
export class Changed {
    #url;
    #patience;
    #tag = "";

    /**
     * @param {URL} url
     * @param {number} patience ms for the whole answer
     */
    constructor(url, patience) {
        this.#url = url;
        this.#patience = patience;
    }

    /**
     * The answer, or null when it is as it was when last asked for.
     * Throws what fetch throws, and an Error when the server refuses.
     * @returns {Promise<any>}
     */
    async ask() {
        const headers = { "If-None-Match": this.#tag };
        const response = await fetch(this.#url, { headers, cache: "no-store", signal: AbortSignal.timeout(this.#patience) });
        const text = await response.text(); // also of a 304: a body left unread makes the browser report an abort
        if (response.status === 304) return null;
        if (!response.ok) throw new Error(`${this.#url.pathname}: ${response.status}`);
        const answer = JSON.parse(text);
        this.#tag = response.headers.get("ETag") ?? "";
        return answer;
    }
}
