/**
 * One connection for all open pages of this browser: in a SharedWorker, or in one of the pages (leader.js).
 *
 * Each page gets prices at the rate it asks for and only when it has taken the last ones, so that nothing piles up for a
 * page that is frozen, and candles likewise; the connection goes at the rate of the fastest page and carries the candles
 * that any page wants. All else is passed on as it comes.
 *
 * @import { CandleNews, Message, Quote, Status } from "../messages.js"
 * @import { Link } from "../model/freshness.js"
 * @import { Clock } from "./attempt.js"
 * @import { Ladder } from "./follow.js"
 * @import { Wanted } from "./listening.js"
 *
 * @typedef {{ kind: "join" } & Wanted | { kind: "ready" } | { kind: "rate", rate: number } | { kind: "wake" }
 *     | { kind: "candles", candles: readonly string[] }
 *     | { kind: "offline", offline: boolean } | { kind: "alert", id: number } | { kind: "viewer", viewer: number | null }
 *     | { kind: "ping" } | { kind: "leave" }} Wish what a page says
 * @typedef {{ kind: "link", link: Link } | { kind: "message", message: Message } | { kind: "pong" } | { kind: "again" }
 *     | { kind: "prices", data: Quote[], candles: CandleNews[], first: boolean }} Word what it is told; "again": it has to join anew
 *
 * @typedef {{ postMessage: (word: Word) => void }} Way to one page
 * @typedef {{ onMessage: (message: Message) => void, onLink: (link: Link) => void, rate: number, candles: readonly string[] }} Listener
 */
import { Listening } from "./listening.js";
import { PriceMemory } from "./price_memory.js";

const GONE = 2 * 60 * 1000; // ms after which a page that did not take its prices is taken for closed
const SWEEP = 30 * 1000; // ms between two looks for such pages
const IDLE_RATE = 0.05; // updates per second where nobody wants prices: the link shows that it is alive
const MOST_CANDLES = 100; // the server refuses to hear of more
const GATHER = 250; // ms in which what pages want of candles is put together: it may cost another connection
const NOT_FOR_PAGES = ["heartbeat", "subscribed", "pong"];

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
    /** @type {any} */
    #gathering = undefined;
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
        if (wish.kind === "join") return this.#join(way, wish);
        const page = this.#pages.get(way);
        if (!page) return wish.kind === "leave" ? undefined : way.postMessage({ kind: "again" });
        page.heardAt = this.#clock.now();
        if (wish.kind === "ready") this.#ready(way, page);
        else if (wish.kind === "rate") this.#setRate(way, page, wish.rate);
        else if (wish.kind === "candles") this.#setCandles(page, wish.candles);
        else if (wish.kind === "leave") this.#leave(way);
        else if (wish.kind === "ping") way.postMessage({ kind: "pong" });
        else if (wish.kind === "wake") this.#ladder?.wake();
        else if (wish.kind === "offline") this.#ladder?.setOffline(wish.offline);
        else if (wish.kind === "alert") this.#ladder?.knowAlert(wish.id);
        else this.#setViewer(wish.viewer);
    }

    /**
     * @param {Way} way
     * @param {Wanted} wanted
     */
    #join(way, wanted) {
        this.#forget(way);
        const page = new Listening(wanted);
        page.heardAt = this.#clock.now();
        const isFirst = !this.#pages.size;
        this.#pages.set(way, page);
        if (isFirst) this.#open();
        else this.#change();
        if (this.#status) way.postMessage({ kind: "message", message: this.#status });
        const known = page.of(this.#memory.quotes);
        if (known.length) this.#send(way, page, { data: known, candles: [] }, true);
        if (this.#link) way.postMessage({ kind: "link", link: this.#link });
    }

    #open() {
        if (this.#ladder) {
            this.#ladder.want({ rate: this.#rate, candles: this.#candles });
            return this.#ladder.resume();
        }
        const hooks = { onMessage: this.#pass.bind(this), onLink: this.#tellLink.bind(this) };
        this.#ladder = this.#start({ ...hooks, rate: this.#rate, candles: this.#candles });
    }

    /** The pages want something else: the rate at once, for that costs little. */
    #change() {
        this.#ladder?.want({ rate: this.#rate });
        this.#gathering ??= this.#clock.setTimeout(() => {
            this.#gathering = undefined;
            if (this.#pages.size) this.#ladder?.want({ candles: this.#candles });
        }, GATHER);
    }

    /** What any page wants, in an order that stays. */
    get #candles() {
        const words = [...this.#pages.values()].flatMap(({ candles }) => candles);
        return [...new Set(words)].sort().slice(0, MOST_CANDLES);
    }

    /** The rate of the page that wants the most. */
    get #rate() {
        const rates = [...this.#pages.values()].map(({ rate }) => rate).filter((rate) => rate >= 0);
        return rates.includes(0) ? 0 : Math.max(IDLE_RATE, ...rates);
    }

    /**
     * @param {Message} message
     */
    #pass(message) {
        if (message.type === "snapshot" || message.type === "price_update") return this.#passPrices(message.data);
        if (message.type === "candle") return this.#passCandle(message);
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
            const data = page.of(quotes);
            if (!data.length) continue;
            const mayGo = page.isReady && !page.timer && !page.hasNews && this.#isDue(page);
            if (mayGo) this.#send(way, page, { data, candles: [] }, false);
            else {
                page.keep(data);
                this.#sendLater(way, page);
            }
        }
    }

    /**
     * @param {CandleNews} news
     */
    #passCandle(news) {
        for (const [way, page] of this.#pages) {
            page.keepCandle(news);
            this.#sendLater(way, page);
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
        this.#sendLater(way, page);
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
        this.#sendLater(way, page);
        this.#change();
    }

    /**
     * @param {Listening} page
     * @param {readonly string[]} candles
     */
    #setCandles(page, candles) {
        page.candles = candles;
        this.#change();
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
        if (!page.isReady || page.timer || !page.hasNews) return;
        if (this.#isDue(page)) return this.#send(way, page, page.empty(), false);
        const wait = page.sentAt + 1000 / page.rate - this.#clock.now();
        page.timer = this.#clock.setTimeout(() => {
            page.timer = undefined;
            if (page.isReady && page.hasNews) this.#send(way, page, page.empty(), false);
        }, wait);
    }

    /**
     * @param {Way} way
     * @param {Listening} page
     * @param {{ data: Quote[], candles: CandleNews[] }} news
     * @param {boolean} first all that is known, which may be older than what the page was served with
     */
    #send(way, page, news, first) {
        page.isReady = false;
        page.sentAt = this.#clock.now();
        way.postMessage({ kind: "prices", ...news, first });
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
        if (this.#pages.size) return this.#change();
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
