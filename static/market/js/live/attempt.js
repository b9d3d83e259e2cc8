/**
 * One connection over one rung, from the first try to its end, and how long it has been silent.
 *
 * @import { Message } from "../messages.js"
 * @import { Connection, Loss, Place, Rung } from "./rung.js"
 *
 * @typedef {object} Clock time as it is passed in: `now` in ms since 1970, `random` 0..1
 * @property {() => number} now
 * @property {() => number} random
 * @property {(call: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 *
 * @typedef {object} Fate
 * @property {(attempt: Attempt) => void} opened before its first message
 * @property {(attempt: Attempt, message: Message) => void} message
 * @property {(attempt: Attempt, loss: Loss) => void} lost once, and nothing after it
 */

const OPENING = 5000; // ms until the first message must be there
const QUIET = 2000; // ms of silence, while prices are live, after which we ask
const DOUBT = 3000; // ms of silence, while prices are live, after which prices are not to be trusted
const ANSWER = 4000; // ms the answer may take
const HEARTBEAT_SLACK = 5000; // ms beyond the server's own heartbeat

/** @type {Loss} */
const UNANSWERED = { reason: "the server does not answer" };

export class Attempt {
    /** @type {Connection | null} */
    #connection = null;
    #rung;
    #place;
    #clock;
    #fate;
    /** @type {any} */
    #deadline;
    #ended = false;
    #askedAt = 0;
    #carried;

    openedAt = 0;
    heardAt = 0;

    /**
     * @param {{ rung: Rung, index: number, place: Place, clock: Clock, fate: Fate }} start
     */
    constructor({ rung, index, place, clock, fate }) {
        this.index = index;
        this.name = rung.name;
        this.#rung = rung;
        this.#place = place;
        this.#carried = wanted(place);
        this.#clock = clock;
        this.#fate = fate;
    }

    /** Connects. A browser that forbids this way at once is one more loss. */
    start() {
        this.#deadline = this.#clock.setTimeout(() => this.#lost(UNANSWERED), OPENING);
        const hooks = { message: this.#heard.bind(this), lost: this.#lost.bind(this) };
        try {
            this.#connection = this.#rung.connect(this.#place, hooks);
        } catch (error) {
            this.#lost({ reason: `the browser does not allow it (${error})` });
        }
    }

    get isOpen() {
        return this.openedAt > 0 && !this.#ended;
    }

    /** Whether it carries what is wanted now at the rate that is, or does from now on; if not, another one has to. */
    pace() {
        const now = wanted(this.#place);
        if (this.#carried === now) return true;
        if (!this.#connection?.pace?.()) return false;
        this.#carried = now;
        return true;
    }

    /** Asks for a sign of life, unless one is awaited already. */
    check() {
        if (this.#askedAt) return;
        this.#askedAt = this.#clock.now();
        this.#connection?.check();
    }

    /**
     * Looks at the silence: asks when it grows long, gives up when nothing answers. True when prices are in doubt.
     * @param {{ live: boolean, heartbeat: number }} expected `heartbeat` in ms
     */
    watch({ live, heartbeat }) {
        const now = this.#clock.now();
        const quiet = now - this.heardAt;
        if (this.#askedAt && now - this.#askedAt > ANSWER) this.#lost(UNANSWERED);
        else if (quiet > (live ? QUIET : heartbeat + HEARTBEAT_SLACK)) this.check();
        return live && quiet > DOUBT;
    }

    /** The clock was set back: what was heard counts from now. */
    restartSilence() {
        this.heardAt = this.#clock.now();
        this.#askedAt = 0;
    }

    close() {
        this.#ended = true;
        this.#clock.clearTimeout(this.#deadline);
        this.#connection?.close();
    }

    /**
     * @param {Message} message
     */
    #heard(message) {
        if (this.#ended) return;
        this.restartSilence();
        if (!this.openedAt) this.#open();
        this.#fate.message(this, message);
    }

    #open() {
        this.openedAt = this.#clock.now();
        this.#clock.clearTimeout(this.#deadline);
        this.#fate.opened(this);
    }

    /**
     * @param {Loss} loss
     */
    #lost(loss) {
        if (this.#ended) return;
        this.close();
        this.#fate.lost(this, loss);
    }
}

/** @param {Place} place */
function wanted({ rate, candles }) {
    return [rate, ...candles].join();
}
