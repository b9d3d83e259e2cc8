/**
 * The title of a page that is hidden changes to and fro until somebody looks.
 */

const BEAT = 1000; // ms; browsers run timers of hidden pages not faster

export class TitleFlash {
    #document;
    #title;
    #words = "";
    #timer = 0;

    /**
     * @param {Document} document
     */
    constructor(document) {
        this.#document = document;
        this.#title = document.title;
        document.addEventListener("visibilitychange", () => this.#document.hidden || this.#stop());
    }

    /**
     * @param {string} words shown while nobody looks; nothing happens while somebody does
     */
    start(words) {
        if (!this.#document.hidden) return;
        this.#words = words;
        this.#document.title = words;
        if (!this.#timer) this.#timer = setInterval(() => this.#beat(), BEAT);
    }

    #beat() {
        this.#document.title = this.#document.title === this.#title ? this.#words : this.#title;
    }

    #stop() {
        clearInterval(this.#timer);
        this.#timer = 0;
        this.#document.title = this.#title;
    }
}
