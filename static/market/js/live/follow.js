/**
 * The ladder: WebSocket, else SSE, else long poll, else short poll; down when a way fails, back up when it works again,
 * always from the cursor that was read last. Time and chance are passed in.
 *
 * @import { Message } from "../messages.js"
 * @import { Link } from "../model/freshness.js"
 * @import { Clock } from "./attempt.js"
 * @import { Loss, Rung } from "./rung.js"
 *
 * @typedef {object} Journey
 * @property {readonly Rung[]} rungs best first
 * @property {Clock} clock
 * @property {string} cursor where the page stands already, "" for nowhere
 * @property {number} [rate] updates per second and symbol, 0 for each as it comes
 * @property {readonly string[]} [candles] as "binance:BTCUSDT@1m"
 * @property {(message: Message) => void} onMessage
 * @property {(link: Link) => void} onLink at each change
 */
import { Attempt } from "./attempt.js";
import { backoff } from "./backoff.js";

const RETRY = { first: 500, most: 8 * 1000 }; // ms
const CLIMB = { first: 4 * 1000, most: 60 * 1000 }; // ms between tries to get back up
const REFUSED = 5 * 60 * 1000; // ms a way is left alone that will not have us
const SHORT_LIFE = 10 * 1000; // ms: a connection that ended sooner did not work
const SHORT_LIVES = 3; // in a row, then one rung down
const OFFLINE_RETRY = 15 * 1000; // ms; a device that says it is offline may be wrong
const BEAT = 500; // ms
const SLEPT = 4000; // ms between two beats mean that the device slept
const HEARTBEAT = 20 * 1000; // ms, until the server says its own

export class Ladder {
    #rungs;
    #clock;
    #onMessage;
    #onLink;
    #place;
    #retry;
    #climb;
    /** @type {Attempt | null} */
    #main = null;
    /** @type {Attempt | null} */
    #probe = null;
    /** @type {number[]} ms since 1970 until which a rung is left alone */
    #blocked;
    #shortLives = 0;
    /** @type {any} */
    #retryTimer;
    /** @type {any} */
    #climbTimer;
    /** @type {any} */
    #beatTimer;
    #beatAt;
    #live = false;
    #heartbeat = HEARTBEAT;
    /** @type {Link} */
    #link;

    /**
     * @param {Journey} journey
     */
    constructor({ rungs, clock, cursor, rate = 0, candles = [], onMessage, onLink }) {
        this.#rungs = rungs;
        this.#clock = clock;
        this.#place = { cursor, alert: "", rate, candles };
        this.#onMessage = onMessage;
        this.#onLink = onLink;
        this.#retry = backoff({ ...RETRY, random: clock.random });
        this.#climb = backoff({ ...CLIMB, random: clock.random });
        this.#blocked = rungs.map(() => 0);
        this.#beatAt = clock.now();
        this.#link = { transport: "", doubtful: false, lostAt: clock.now(), retryAt: 0, reason: "", offline: false, refused: false };
        this.#beat();
        this.#try(0);
    }

    /**
     * The page knows of alerts up to `id` from elsewhere: what comes after it is asked for from now on.
     * @param {number} id 0: there was none yet
     */
    knowAlert(id) {
        if (!this.#place.alert || id > Number(this.#place.alert)) this.#place.alert = String(id);
    }

    /**
     * A way that cannot change what it carries is replaced by another connection of its kind, without a gap.
     * @param {{ rate?: number, candles?: readonly string[] }} wanted
     */
    want({ rate = this.#place.rate, candles = this.#place.candles }) {
        if (rate === this.#place.rate && candles.join() === this.#place.candles.join()) return;
        Object.assign(this.#place, { rate, candles });
        if (this.#main?.isOpen && !this.#main.pace()) this.#replace(this.#main.index);
    }

    /** Something happened that may have cut the connection, or brought the network back: look now, do not wait. */
    wake() {
        if (this.#main?.isOpen) return this.#main.check();
        if (this.#main) return; // one try is under way
        this.#retry.reset();
        this.#try(0);
    }

    /**
     * @param {boolean} offline what the device says
     */
    setOffline(offline) {
        if (!offline) {
            this.#tell({ offline: false });
            return this.wake();
        }
        this.#drop();
        this.#live = false;
        this.#tellLost({ offline: true });
        this.#retryIn(OFFLINE_RETRY, 0);
    }

    /** Lets go of every connection and timer; `wake` and `resume` start again. */
    suspend() {
        this.#drop();
        this.#tellLost({});
        this.#clock.clearTimeout(this.#beatTimer);
    }

    /** After `suspend`: the page is shown again. */
    resume() {
        this.#beatAt = this.#clock.now();
        this.#beat();
        this.wake();
    }

    /** @param {number} from */
    #try(from) {
        this.#clock.clearTimeout(this.#retryTimer);
        const index = this.#firstOpen(from);
        if (index < 0) return this.#rest();
        this.#tell({ retryAt: 0 });
        this.#main = this.#attempt(index);
        this.#main.start();
    }

    /** @param {number} index */
    #attempt(index) {
        const fate = { opened: this.#opened.bind(this), message: this.#heard.bind(this), lost: this.#lost.bind(this) };
        return new Attempt({ rung: this.#rungs[index], index, place: this.#place, clock: this.#clock, fate });
    }

    /**
     * The first rung from `from` on that is not to be left alone, or -1.
     * @param {number} from
     */
    #firstOpen(from) {
        const now = this.#clock.now();
        return this.#blocked.findIndex((until, index) => index >= from && until <= now);
    }

    /**
     * @param {Attempt} attempt
     */
    #opened(attempt) {
        if (attempt === this.#probe) {
            this.#main?.close();
            this.#probe = null;
        }
        this.#main = attempt;
        if (!attempt.pace()) this.#replace(attempt.index);
        this.#tell({ transport: attempt.name, doubtful: false, lostAt: 0, retryAt: 0, reason: "", offline: false, refused: false });
        this.#clock.clearTimeout(this.#climbTimer);
        if (attempt.index === 0) this.#climb.reset();
        else this.#climbLater();
    }

    /**
     * @param {Attempt} attempt
     * @param {Message} message
     */
    #heard(attempt, message) {
        if (message.type === "connected" && message.heartbeat) this.#heartbeat = message.heartbeat * 1000;
        if (message.type === "status") this.#live = message.feed === "live";
        if (message.type === "alert") this.knowAlert(message.alert.id);
        if ("cursor" in message && message.cursor) this.#place.cursor = message.cursor;
        if (this.#link.doubtful) this.#tell({ doubtful: false, lostAt: 0, reason: "" });
        this.#onMessage(message);
    }

    /**
     * @param {Attempt} attempt
     * @param {Loss} loss
     */
    #lost(attempt, loss) {
        const pause = loss.refused ? REFUSED : (loss.wait ?? 0);
        if (pause) this.#blocked[attempt.index] = this.#clock.now() + pause;
        if (attempt === this.#probe) return this.#climbOn(attempt.index + 1);
        this.#main = null;
        this.#cancelProbe();
        this.#tellLost({ reason: loss.reason, refused: Boolean(loss.refused) && this.#firstOpen(0) < 0 });
        if (attempt.openedAt > 0) return this.#comeBack(attempt);
        if (this.#firstOpen(attempt.index + 1) >= 0) return this.#try(attempt.index + 1);
        this.#retryIn(this.#retry.next(), 0);
    }

    /**
     * A way that worked ended: the same way again, unless it keeps ending.
     * @param {Attempt} attempt
     */
    #comeBack(attempt) {
        const isShort = this.#clock.now() - attempt.openedAt < SHORT_LIFE;
        this.#shortLives = isShort ? this.#shortLives + 1 : 0;
        if (!isShort) this.#retry.reset();
        const isHopeless = this.#shortLives >= SHORT_LIVES && attempt.index < this.#rungs.length - 1;
        if (isHopeless) this.#shortLives = 0;
        this.#retryIn(this.#retry.next(), attempt.index + Number(isHopeless));
    }

    /** Every way wants to be left alone. */
    #rest() {
        const until = Math.min(...this.#blocked);
        this.#retryIn(until - this.#clock.now() + this.#retry.next(), 0);
    }

    /**
     * @param {number} ms
     * @param {number} from
     */
    #retryIn(ms, from) {
        this.#clock.clearTimeout(this.#retryTimer);
        this.#retryTimer = this.#clock.setTimeout(() => this.#try(this.#firstOpen(from) < 0 ? 0 : from), ms);
        this.#tell({ retryAt: this.#clock.now() + ms });
    }

    #climbLater() {
        this.#climbTimer = this.#clock.setTimeout(() => this.#climbOn(0), this.#climb.next());
    }

    /**
     * Tries the better ways one after the other, while the one that works goes on.
     * @param {number} from
     */
    #climbOn(from) {
        this.#probe = null;
        const index = this.#firstOpen(from);
        if (!this.#main?.isOpen) return;
        const isBetter = index < this.#main.index || (index === this.#main.index && !this.#main.pace());
        if (index < 0 || !isBetter) return this.#climbLater();
        this.#replace(index);
    }

    /** @param {number} index */
    #replace(index) {
        this.#cancelProbe();
        this.#probe = this.#attempt(index);
        this.#probe.start();
    }

    #cancelProbe() {
        this.#clock.clearTimeout(this.#climbTimer);
        this.#probe?.close();
        this.#probe = null;
    }

    #drop() {
        this.#cancelProbe();
        this.#clock.clearTimeout(this.#retryTimer);
        this.#main?.close();
        this.#main = null;
    }

    #beat() {
        const now = this.#clock.now();
        const slept = now - this.#beatAt > SLEPT;
        if (now < this.#beatAt) this.#main?.restartSilence();
        this.#beatAt = now;
        if (slept) this.wake();
        if (this.#main?.isOpen) this.#listen(this.#main);
        this.#beatTimer = this.#clock.setTimeout(() => this.#beat(), BEAT);
    }

    /** @param {Attempt} main */
    #listen(main) {
        const doubtful = main.watch({ live: this.#live, heartbeat: this.#heartbeat });
        if (doubtful && !this.#link.doubtful && main.isOpen) {
            this.#tell({ doubtful, lostAt: main.heardAt, reason: "the server does not answer" });
        }
    }

    /** @param {Partial<Link>} news */
    #tellLost(news) {
        this.#tell({ transport: "", doubtful: false, lostAt: this.#link.lostAt || this.#clock.now(), ...news });
    }

    /** @param {Partial<Link>} news */
    #tell(news) {
        const before = this.#link;
        this.#link = { ...before, ...news };
        const names = /** @type {(keyof Link)[]} */ (Object.keys(news));
        if (names.some((name) => before[name] !== this.#link[name])) this.#onLink(this.#link);
    }
}
