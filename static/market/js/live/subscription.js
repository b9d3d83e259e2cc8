/**
 * A page's end of the shared connection (switchboard.js). Looks the same as a connection of its own.
 *
 * The other end is somebody else's thread, so its silence is watched: it is asked, prices are called doubtful when
 * nothing answers, and then the page helps itself. `time` is passed in.
 *
 * @import { Message } from "../messages.js"
 * @import { Link } from "../model/freshness.js"
 * @import { Clock } from "./attempt.js"
 * @import { Wanted } from "./listening.js"
 * @import { Wish, Word } from "./switchboard.js"
 *
 * @typedef {{ post: (wish: Wish) => void, close: () => void }} Line
 * @typedef {(hear: (word: Word) => void, broken: () => void) => Line} OpenLine
 */
import { gettext, gettext_noop } from "../words.js";

const BEAT = 1000; // ms
const QUIET = 2000; // ms of silence after which the other end is asked
const DOUBT = 3000; // ms after the question
const HOPELESS = 6000; // ms after the question: the page connects by itself
const SLEPT = 4000; // ms between two beats: this page was frozen, and silence means nothing
const SILENT = gettext_noop("another page, which holds the connection, does not answer");

export class Subscription {
    #ways;
    #clock;
    #onMessage;
    #onLink;
    #wanted;
    /** @type {Line | null} */
    #line = null;
    /** @type {number | null} */
    #alert = null;
    #heardAt = 0;
    #askedAt = 0;
    #beatAt = 0;
    #isDoubtful = false;
    /** @type {any} */
    #timer;
    /** @type {Link} */
    #link;

    /**
     * @param {object} parts
     * @param {readonly OpenLine[]} parts.ways the best first; the last one is the page's own
     * @param {Clock} parts.clock
     * @param {Wanted} parts.wanted
     * @param {(message: Message) => void} parts.onMessage
     * @param {(link: Link) => void} parts.onLink
     */
    constructor({ ways, clock, wanted, onMessage, onLink }) {
        this.#ways = [...ways];
        this.#clock = clock;
        this.#wanted = wanted;
        this.#onMessage = onMessage;
        this.#onLink = onLink;
        this.#link = { transport: "", doubtful: false, lostAt: clock.now(), retryAt: 0, reason: "", offline: false, refused: false };
        this.#open();
        this.#beat();
    }

    /** @param {number} rate */
    setRate(rate) {
        if (rate === this.#wanted.rate) return;
        this.#wanted = { ...this.#wanted, rate };
        this.#line?.post({ kind: "rate", rate });
    }

    /** @param {readonly string[]} candles as "binance:BTCUSDT@1m" */
    setCandles(candles) {
        this.#wanted = { ...this.#wanted, candles };
        this.#line?.post({ kind: "candles", candles });
    }

    /**
     * Who is signed in: which alerts come depends on it.
     * @param {number | null} viewer
     */
    knowViewer(viewer) {
        this.#line?.post({ kind: "viewer", viewer });
    }

    /** @param {number} id the last alert that the page knows of, 0 for none */
    knowAlert(id) {
        this.#alert = Math.max(id, this.#alert ?? 0);
        this.#line?.post({ kind: "alert", id });
    }

    wake() {
        this.#line?.post({ kind: "wake" });
    }

    /** @param {boolean} offline */
    setOffline(offline) {
        this.#line?.post({ kind: "offline", offline });
    }

    /** The page is put away. */
    suspend() {
        this.#line?.post({ kind: "leave" });
        this.#line?.close();
        this.#line = null;
        this.#clock.clearTimeout(this.#timer);
        this.#tell({ transport: "", lostAt: this.#link.lostAt || this.#clock.now() });
    }

    /** And shown again, as it was. */
    resume() {
        if (this.#line) return;
        this.#onLink(this.#link); // prices are old until the connection stands
        this.#open();
        this.#beat();
    }

    #open() {
        const [way] = this.#ways;
        const line = way(
            (word) => line === this.#line && this.#hear(word),
            () => line === this.#line && this.#giveUp(),
        );
        this.#line = line;
        this.#heardAt = this.#beatAt = this.#clock.now();
        this.#askedAt = 0;
        this.#join();
    }

    #join() {
        this.#line?.post({ kind: "join", ...this.#wanted });
        if (this.#alert !== null) this.#line?.post({ kind: "alert", id: this.#alert });
        this.#line?.post({ kind: "ping" });
        this.#askedAt = this.#clock.now();
    }

    /** The other end is gone. */
    #giveUp() {
        this.#line?.close();
        this.#line = null;
        if (this.#ways.length > 1) this.#ways.shift();
        this.#tell({ transport: "", doubtful: false, lostAt: this.#link.lostAt || this.#heardAt });
        this.#open();
    }

    /** @param {Word} word */
    #hear(word) {
        this.#heardAt = this.#clock.now();
        this.#askedAt = 0;
        if (this.#isDoubtful) this.#doubt(false);
        if (word.kind === "again") this.#join();
        else if (word.kind === "link") this.#tell({ ...word.link, reason: word.link.reason && gettext(word.link.reason) });
        else if (word.kind === "message") this.#onMessage(word.message);
        else if (word.kind === "prices") {
            this.#line?.post({ kind: "ready" });
            if (word.data.length) this.#onMessage({ type: word.first ? "snapshot" : "price_update", cursor: "", data: word.data });
            for (const candle of word.candles) this.#onMessage(candle);
        }
    }

    #beat() {
        const now = this.#clock.now();
        const slept = now - this.#beatAt > SLEPT || now < this.#beatAt;
        this.#beatAt = now;
        if (slept) this.#heardAt = now;
        if (slept) this.#askedAt = 0;
        this.#watch(now);
        this.#timer = this.#clock.setTimeout(() => this.#beat(), BEAT);
    }

    /** @param {number} now */
    #watch(now) {
        if (!this.#askedAt) {
            if (now - this.#heardAt < QUIET) return;
            this.#askedAt = now;
            return this.#line?.post({ kind: "ping" });
        }
        if (now - this.#askedAt > HOPELESS) this.#giveUp();
        else if (now - this.#askedAt > DOUBT && !this.#isDoubtful) this.#doubt(true);
    }

    /** @param {boolean} doubtful */
    #doubt(doubtful) {
        this.#isDoubtful = doubtful;
        const doubts = { doubtful: true, lostAt: this.#heardAt, reason: gettext(SILENT) };
        this.#onLink(doubtful ? { ...this.#link, ...doubts } : this.#link);
    }

    /** @param {Partial<Link>} news */
    #tell(news) {
        this.#isDoubtful = false;
        this.#link = { ...this.#link, ...news };
        this.#onLink(this.#link);
    }
}
