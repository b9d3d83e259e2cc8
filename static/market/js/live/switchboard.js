/**
 * One connection for all open pages of this browser: in a SharedWorker, or in one of the pages (leader.js).
 *
 * Each page gets prices at the rate it asks for and only when it has taken the last ones, so that nothing piles up for a
 * page that is frozen; the connection goes at the rate of the fastest page. All else is passed on as it comes.
 *
 * @import { Message, Quote, Status } from "../messages.js"
 * @import { Link } from "../model/freshness.js"
 * @import { Clock } from "./attempt.js"
 * @import { Ladder } from "./follow.js"
 *
 * @typedef {{ kind: "join", rate: number } | { kind: "ready" } | { kind: "rate", rate: number } | { kind: "wake" }
 *     | { kind: "offline", offline: boolean } | { kind: "alert", id: number } | { kind: "viewer", viewer: number | null }
 *     | { kind: "ping" } | { kind: "leave" }} Wish what a page says; a rate below 0: it wants no prices
 * @typedef {{ kind: "link", link: Link } | { kind: "message", message: Message } | { kind: "pong" } | { kind: "again" }
 *     | { kind: "prices", data: Quote[], first: boolean }} Word what it is told; "again": it has to join anew
 *
 * @typedef {{ postMessage: (word: Word) => void }} Way to one page
 * @typedef {{ onMessage: (message: Message) => void, onLink: (link: Link) => void, rate: number }} Listener
 */
import { PriceMemory } from "./price_memory.js";

const GONE = 2 * 60 * 1000; // ms after which a page that did not take its prices is taken for closed
const SWEEP = 30 * 1000; // ms between two looks for such pages
const IDLE_RATE = 0.05; // updates per second where nobody wants prices: the link shows that it is alive
const NOT_FOR_PAGES = ["heartbeat", "subscribed", "pong"];

/** One page, and what it was not told yet. */
class Listening {
    /** @type {PriceMemory} */
    pending = new PriceMemory();
    rate = 0;
    isReady = true;
    sentAt = -Infinity;
    heardAt = 0;
    /** @type {any} */
    timer = undefined;
}

export class Switchboard {
    #start;
    #clock;
    /** @type {Ladder | null} */
    #ladder = null;
    /** @type {Map<Way, Listening>} */
    #pages = new Map();
    #memory = new PriceMemory();
    /** @type {Link | null} */
    #link = null;
    /** @type {Status | null} */
    #status = null;
    /** @type {number | null | undefined} who is signed in, as far as a page said */
    #viewer = undefined;

    /**
     * @param {{ start: (listener: Listener) => Ladder, clock: Clock }} parts
     */
    constructor({ start, clock }) {
        this.#start = start;
        this.#clock = clock;
        this.#sweep();
    }

    /**
     * @param {Way} way
     * @param {Wish} wish
     */
    hear(way, wish) {
        if (wish.kind === "join") return this.#join(way, wish.rate);
        const page = this.#pages.get(way);
        if (!page) return wish.kind === "leave" ? undefined : way.postMessage({ kind: "again" });
        page.heardAt = this.#clock.now();
        if (wish.kind === "ready") this.#ready(way, page);
        else if (wish.kind === "rate") this.#setRate(way, page, wish.rate);
        else if (wish.kind === "leave") this.#leave(way);
        else if (wish.kind === "ping") way.postMessage({ kind: "pong" });
        else if (wish.kind === "wake") this.#ladder?.wake();
        else if (wish.kind === "offline") this.#ladder?.setOffline(wish.offline);
        else if (wish.kind === "alert") this.#ladder?.knowAlert(wish.id);
        else this.#setViewer(wish.viewer);
    }

    /**
     * @param {Way} way
     * @param {number} rate
     */
    #join(way, rate) {
        this.#forget(way);
        const page = new Listening();
        page.rate = rate;
        page.heardAt = this.#clock.now();
        const isFirst = !this.#pages.size;
        this.#pages.set(way, page);
        if (isFirst) this.#open();
        else this.#ladder?.setRate(this.#wanted);
        if (this.#status) way.postMessage({ kind: "message", message: this.#status });
        if (this.#memory.size && rate >= 0) this.#send(way, page, this.#memory.quotes, true);
        if (this.#link) way.postMessage({ kind: "link", link: this.#link });
    }

    #open() {
        if (this.#ladder) {
            this.#ladder.setRate(this.#wanted);
            return this.#ladder.resume();
        }
        const listener = { onMessage: this.#pass.bind(this), onLink: this.#tellLink.bind(this), rate: this.#wanted };
        this.#ladder = this.#start(listener);
    }

    /** The rate of the page that wants the most. */
    get #wanted() {
        const rates = [...this.#pages.values()].map(({ rate }) => rate).filter((rate) => rate >= 0);
        return rates.includes(0) ? 0 : Math.max(IDLE_RATE, ...rates);
    }

    /**
     * @param {Message} message
     */
    #pass(message) {
        if (message.type === "snapshot" || message.type === "price_update") return this.#passPrices(message.data);
        if (message.type === "status") this.#status = message;
        if (message.type === "symbols") this.#memory.forget(message.removed);
        if (NOT_FOR_PAGES.includes(message.type)) return;
        for (const way of this.#pages.keys()) way.postMessage({ kind: "message", message });
    }

    /**
     * @param {Quote[]} quotes
     */
    #passPrices(quotes) {
        if (!quotes.length) return;
        this.#memory.take(quotes.filter(({ source }) => source !== "test"));
        for (const [way, page] of this.#pages) {
            if (page.rate < 0) continue;
            const mayGo = page.isReady && !page.timer && !page.pending.size && this.#isDue(page);
            if (mayGo) this.#send(way, page, quotes, false);
            else {
                page.pending.take(quotes);
                this.#sendLater(way, page);
            }
        }
    }

    /**
     * @param {Link} link
     */
    #tellLink(link) {
        this.#link = link;
        for (const way of this.#pages.keys()) way.postMessage({ kind: "link", link });
    }

    /**
     * @param {Way} way
     * @param {Listening} page
     */
    #ready(way, page) {
        page.isReady = true;
        if (page.pending.size) this.#sendLater(way, page);
    }

    /**
     * What is pending goes at once: the page may have been hidden until now.
     * @param {Way} way
     * @param {Listening} page
     * @param {number} rate
     */
    #setRate(way, page, rate) {
        page.rate = rate;
        this.#clock.clearTimeout(page.timer);
        page.timer = undefined;
        page.sentAt = -Infinity;
        if (page.pending.size) this.#sendLater(way, page);
        this.#ladder?.setRate(this.#wanted);
    }

    /**
     * @param {Listening} page
     */
    #isDue({ rate, sentAt }) {
        return !rate || this.#clock.now() - sentAt >= 1000 / rate;
    }

    /**
     * When the page has taken the last ones and its time has come; both may be now.
     * @param {Way} way
     * @param {Listening} page
     */
    #sendLater(way, page) {
        if (!page.isReady || page.timer) return;
        if (this.#isDue(page)) return this.#send(way, page, page.pending.empty(), false);
        const wait = page.sentAt + 1000 / page.rate - this.#clock.now();
        page.timer = this.#clock.setTimeout(() => {
            page.timer = undefined;
            if (page.isReady && page.pending.size) this.#send(way, page, page.pending.empty(), false);
        }, wait);
    }

    /**
     * @param {Way} way
     * @param {Listening} page
     * @param {Quote[]} data
     * @param {boolean} first all that is known, which may be older than what the page was served with
     */
    #send(way, page, data, first) {
        page.isReady = false;
        page.sentAt = this.#clock.now();
        way.postMessage({ kind: "prices", data, first });
    }

    /**
     * Which alerts come is decided when a connection is made: somebody else gets another.
     * @param {number | null} viewer
     */
    #setViewer(viewer) {
        const isOther = this.#viewer !== undefined && this.#viewer !== viewer;
        this.#viewer = viewer;
        if (!isOther) return;
        this.#ladder?.suspend();
        this.#ladder?.resume();
    }

    /**
     * @param {Way} way
     */
    #leave(way) {
        this.#forget(way);
        if (this.#pages.size) return this.#ladder?.setRate(this.#wanted);
        this.#ladder?.suspend();
    }

    /**
     * @param {Way} way
     */
    #forget(way) {
        const page = this.#pages.get(way);
        if (page) this.#clock.clearTimeout(page.timer);
        this.#pages.delete(way);
    }

    #sweep() {
        const now = this.#clock.now();
        for (const [way, page] of this.#pages) {
            if (!page.isReady && now - page.heardAt > GONE) this.#leave(way);
        }
        this.#clock.setTimeout(() => this.#sweep(), SWEEP);
    }
}
