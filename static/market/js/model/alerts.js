/**
 * Which alerts wait for somebody, and which of them are shown as toasts. No DOM, no network, no clock: `now` is passed
 * in (ms since 1970). An alert that is told twice, by two ways or after a reconnect, counts once.
 *
 * @import { Alert, Severity } from "../messages.js"
 *
 * @typedef {object} Summary what the server counts for this reader
 * @property {number} unacknowledged
 * @property {number[]} waiting the newest ids of those
 * @property {number} newest the highest id this reader may know of, 0 for none
 *
 * @typedef {object} Toast
 * @property {Alert} alert
 * @property {number} until ms since 1970 when it goes by itself
 */

const SHOWN = 3;
const KEPT = 500; // ids that are remembered, so that an alert told again is known
/** @type {Record<Severity, number>} ms that a toast stays */
const STAYS = { info: 15 * 1000, warning: 60 * 1000, critical: Infinity };
/** @type {readonly Severity[]} */
const RISING = ["info", "warning", "critical"];
const AT_LEAST = 5 * 1000; // ms that toasts stay once the reader is back

export class Alerts {
    /** @type {Set<number>} ids of the unacknowledged */
    #waiting = new Set();
    #more = 0; // unacknowledged ones beyond those whose ids are known
    #skipped = 0; // that came while nobody was connected and are in the list only
    /** @type {Set<number>} */
    #told = new Set();
    /** @type {Toast[]} newest first */
    #toasts = [];

    get unacknowledged() {
        return this.#waiting.size + this.#more;
    }

    /** The toasts to show, newest first, and how many more there are. */
    get toasts() {
        return { shown: this.#toasts.slice(0, SHOWN), more: Math.max(0, this.#toasts.length - SHOWN) + this.#skipped };
    }

    /**
     * What the server counts. Alerts told meanwhile that it does not know of yet stay; toasts of alerts that somebody
     * took on elsewhere go.
     * @param {Summary} summary
     */
    know({ unacknowledged, waiting, newest }) {
        const told = [...this.#waiting].filter((id) => id > newest);
        const oldest = Math.min(...waiting, Infinity);
        const isTaken = (/** @type {number} */ id) => id >= oldest && id <= newest && !waiting.includes(id);
        this.#toasts = this.#toasts.filter(({ alert }) => !isTaken(alert.id));
        if (!unacknowledged) this.#toasts = this.#toasts.filter(({ alert }) => alert.id > newest);
        this.#waiting = new Set([...waiting, ...told]);
        this.#more = Math.max(0, unacknowledged - waiting.length);
    }

    /**
     * Takes an alert; true when it is news that should be announced.
     * @param {Alert} alert
     * @param {number} now
     */
    take(alert, now) {
        if (this.#told.has(alert.id)) return false;
        this.#remember(alert.id);
        if (alert.acknowledged || Date.parse(alert.snoozed_until ?? "") > now) return false;
        this.#waiting.add(alert.id);
        this.#toasts = [{ alert, until: now + STAYS[alert.severity] }, ...this.#toasts].sort(byId);
        return true;
    }

    /**
     * Somebody acknowledged or snoozed it.
     * @param {number} id
     */
    settle(id) {
        this.#waiting.delete(id);
        this.dismiss(id);
    }

    /**
     * The reader has seen the toast; the alert waits on.
     * @param {number} id
     */
    dismiss(id) {
        this.#toasts = this.#toasts.filter(({ alert }) => alert.id !== id);
    }

    /**
     * The server left older alerts out, as there were too many.
     * @param {number} count
     */
    skip(count) {
        this.#skipped += count;
    }

    dismissAll() {
        this.#skipped = 0;
        this.#toasts = [];
    }

    /**
     * Lets go of toasts whose time is over; true when there were any.
     * @param {number} now
     */
    expire(now) {
        const before = this.#toasts.length;
        this.#toasts = this.#toasts.filter(({ until }) => until > now);
        return this.#toasts.length < before;
    }

    /**
     * The reader is back at the page: what came meanwhile stays a moment.
     * @param {number} now
     */
    welcome(now) {
        for (const toast of this.#toasts) toast.until = Math.max(toast.until, now + AT_LEAST);
    }

    /**
     * @param {number} id
     */
    #remember(id) {
        this.#told.add(id);
        if (this.#told.size <= KEPT) return;
        const [oldest] = this.#told;
        this.#told.delete(oldest);
    }
}

/**
 * @param {Toast} one
 * @param {Toast} other
 */
function byId(one, other) {
    return other.alert.id - one.alert.id;
}

/**
 * @param {Severity} severity
 * @param {Severity} least
 */
export function atLeast(severity, least) {
    return RISING.indexOf(severity) >= RISING.indexOf(least);
}
