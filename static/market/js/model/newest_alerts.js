/**
 * The newest alerts and what became of them, for a list that follows. No DOM, no network; `now` is passed in.
 *
 * @import { Acked, Alert, Snoozed } from "../messages.js"
 *
 * @typedef {"active" | "acknowledged" | "snoozed"} AlertState
 */

const KEPT = 20;

export class NewestAlerts {
    /** @type {Map<number, Alert>} */
    #alerts = new Map();

    /** Newest first. */
    get all() {
        return [...this.#alerts.values()].sort((one, other) => other.id - one.id).slice(0, KEPT);
    }

    /**
     * @param {readonly Alert[]} alerts as the server has them now, or one that just came
     */
    take(alerts) {
        for (const alert of alerts) this.#alerts.set(alert.id, alert);
        for (const { id } of [...this.#alerts.values()].sort((one, other) => other.id - one.id).slice(KEPT)) this.#alerts.delete(id);
    }

    /**
     * Somebody took one on.
     * @param {Acked | Snoozed} news
     */
    settle({ type, alert: id, until = null }) {
        const alert = this.#alerts.get(id);
        if (alert) this.#alerts.set(id, type === "acked" ? { ...alert, acknowledged: true } : { ...alert, snoozed_until: until });
    }
}

/**
 * @param {Alert} alert
 * @param {number} now ms since 1970
 * @returns {AlertState}
 */
export function stateOf({ acknowledged, snoozed_until: until }, now) {
    if (acknowledged) return "acknowledged";
    return until && Date.parse(until) > now ? "snoozed" : "active";
}
