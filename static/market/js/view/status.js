/**
 * What the page says about itself: the pill in the head, where prices come from, and why they stand still.
 * The sentences are the server's (board.html, _notices.html); this only chooses one and fills in times and reasons.
 *
 * @import { Freshness, Link, Word } from "../model/freshness.js"
 */
import { localTime } from "../model/format.js";
import { need } from "./element.js";
import { gettext, gettext_noop, interpolate, phrase } from "../words.js";

/** @type {Record<Word, string>} */
const LABELS = {
    waiting: gettext_noop("CONNECTING"),
    live: gettext_noop("LIVE"),
    delayed: gettext_noop("DELAYED"),
    stale: gettext_noop("STALE"),
    down: gettext_noop("DOWN"),
    empty: gettext_noop("NO DATA"),
    lost: gettext_noop("DISCONNECTED"),
    offline: gettext_noop("OFFLINE"),
    refused: gettext_noop("REFUSED"),
};

export class Status {
    #board;
    #pill;
    #label;
    #detail;
    #sourceLine;
    #notices;

    /**
     * @param {Document} document
     * @param {HTMLElement} board
     */
    constructor(document, board) {
        this.#board = board;
        this.#pill = need(document, "[data-pill]", HTMLElement);
        this.#label = need(this.#pill, ".pill-label", HTMLElement);
        this.#detail = need(this.#pill, ".pill-detail", HTMLElement);
        this.#sourceLine = need(document, "[data-source-line]", HTMLElement);
        this.#notices = need(document, "[data-notices]", HTMLElement);
    }

    /**
     * @param {() => void} onRetry
     */
    watchRetry(onRetry) {
        this.#notices.addEventListener("click", ({ target }) => {
            if (target instanceof Element && target.closest("[data-retry-now]")) onRetry();
        });
    }

    /**
     * @param {Freshness} freshness
     * @param {Link} link
     * @param {number} now
     */
    show({ word, stale, since, reason }, link, now) {
        this.#pill.dataset.word = word;
        write(this.#label, gettext(LABELS[word]));
        // A connection that is silent is none.
        write(this.#detail, link.transport && word !== "lost" ? ` \u00b7 ${link.transport}` : "");
        this.#board.toggleAttribute("data-stale", stale);
        for (const notice of this.#notices.querySelectorAll("[data-notice]")) {
            if (!(notice instanceof HTMLElement)) continue;
            notice.hidden = notice.dataset.notice !== word;
            if (!notice.hidden) this.#fill(notice, { since, reason, retryAt: link.retryAt }, now);
        }
    }

    /**
     * @param {string} source
     */
    showSource(source) {
        this.#sourceLine.dataset.source = source;
        for (const note of this.#sourceLine.querySelectorAll("[data-source-note]")) {
            if (note instanceof HTMLElement) note.hidden = note.dataset.sourceNote !== source;
        }
    }

    /**
     * @param {HTMLElement} notice
     * @param {{ since: number, reason: string, retryAt: number }} words
     * @param {number} now
     */
    #fill(notice, { since, reason, retryAt }, now) {
        const seconds = Math.ceil((retryAt - now) / 1000);
        fill(notice, "[data-reason]", phrase(reason) || gettext("no reason is known"));
        fill(notice, "[data-since]", since ? localTime(since) : "");
        fill(notice, "[data-retry]", seconds > 0 ? interpolate(gettext("Next try in %(seconds)s s."), { seconds }) : gettext("Trying\u2026"));
    }
}

/**
 * @param {HTMLElement} notice
 * @param {string} selector
 * @param {string} text nothing leaves what stands there
 */
function fill(notice, selector, text) {
    const place = notice.querySelector(selector);
    if (place instanceof HTMLElement && text) write(place, text);
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
