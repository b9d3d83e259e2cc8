/**
 * What the messages about alerts do to the panel beside the table.
 *
 * @import { Alert, Message } from "../messages.js"
 * @import { AlertDesk } from "../live/alert_desk.js"
 * @import { AlertsPanel } from "../view/alerts_panel.js"
 * @import { LiveAlerts } from "./live_alerts.js"
 */
import { NewestAlerts, stateOf } from "../model/newest_alerts.js";

const BEAT = 15 * 1000; // ms between looks at what is snoozed
const LATER = 5 * 1000; // ms until the list is asked for again when nobody answered

export class LivePanel {
    #panel;
    #alerts;
    #desk;
    #newest = new NewestAlerts();
    #isAsked = false;
    #isOpen = false;

    /**
     * @param {{ panel: AlertsPanel, alerts: LiveAlerts, desk: AlertDesk }} parts
     */
    constructor({ panel, alerts, desk }) {
        this.#panel = panel;
        this.#alerts = alerts;
        this.#desk = desk;
        panel.onDeed = (deed, id) => void this.#settle(deed, id);
        setInterval(() => this.#show(), BEAT);
    }

    /**
     * @param {Message} message
     */
    receive(message) {
        if (message.type === "alert") this.#newest.take([message.alert]);
        else if (message.type === "acked" || message.type === "snoozed") this.#newest.settle(message);
        else return;
        this.#show();
    }

    /** Somebody else may be signed in, or much may have been missed. */
    renew() {
        this.#isAsked = false;
        if (this.#isOpen) void this.#ask();
    }

    /**
     * @param {boolean} isOpen
     */
    open(isOpen) {
        this.#isOpen = isOpen;
        this.#panel.open(isOpen);
        if (isOpen && !this.#isAsked) void this.#ask();
        this.#show();
    }

    async #ask() {
        this.#isAsked = true;
        try {
            this.#newest.take(await this.#desk.newest(this.#panel.url));
            this.#show();
        } catch (error) {
            console.info("the newest alerts are asked for again:", error);
            setTimeout(() => this.renew(), LATER);
        }
    }

    #show() {
        if (!this.#isOpen) return;
        const now = Date.now();
        const line = (/** @type {Alert} */ alert) => ({ alert, state: stateOf(alert, now), maySettle: this.#alerts.maySettle(alert) });
        this.#panel.show(this.#newest.all.map(line));
    }

    /**
     * @param {"acknowledge" | "snooze" | "dismiss"} deed
     * @param {number} id
     */
    async #settle(deed, id) {
        this.#panel.object(id, await this.#alerts.settle(deed, id));
    }
}
