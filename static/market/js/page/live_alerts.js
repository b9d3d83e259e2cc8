/**
 * What the messages about alerts do to a page: toasts, count, sound, title, and what a reader does with them.
 *
 * @import { Alert, Message, Severity } from "../messages.js"
 * @import { AlertDesk, Known } from "../live/alert_desk.js"
 * @import { Link } from "../model/freshness.js"
 * @import { Preferences } from "../model/preferences.js"
 * @import { AlertLink } from "../view/alert_link.js"
 * @import { Chime } from "../view/chime.js"
 * @import { Switch } from "../view/switch.js"
 * @import { TitleFlash } from "../view/title_flash.js"
 * @import { Deed, Toasts } from "../view/toasts.js"
 *
 * @typedef {object} Parts
 * @property {AlertDesk} desk
 * @property {Toasts} toasts
 * @property {AlertLink} link
 * @property {Chime} chime
 * @property {TitleFlash} title
 * @property {Switch} sound
 * @property {Switch} notes
 * @property {string} listUrl address of the list; that of an alert is below it
 */
import { Alerts, atLeast } from "../model/alerts.js";
import { askForNotes, showNote } from "../view/desktop_note.js";
import { gettext, interpolate, phrase } from "../words.js";

const BEAT = 1000; // ms between looks at toasts whose time is over
const ASK = 10 * 1000; // ms between questions for what the server counts, and which thresholds there are
const ASK_POLLING = 2 * 1000; // ms, where nothing tells that thresholds are others
const ASK_SPREAD = 0.3; // of that, so that open pages do not ask at once
const ASK_SOON = 700; // ms within which all open pages ask once thresholds are others
const POLLS = ["long poll", "poll"];
const SNOOZE = 15; // minutes

export class LiveAlerts {
    #parts;
    #alerts = new Alerts();
    /** @type {{ viewer: number | null, staff: boolean }} */
    #reader = { viewer: null, staff: false };
    #isLinked = false;
    #isPolling = false;
    /** @type {any} */
    #askTimer;

    /** Called with each answer of the server. */
    onKnown = (/** @type {Known} */ _known) => {};
    /** Called when an alert came, or somebody settled one. */
    onNews = () => {};
    /** Called with each message about an alert, before anything is made of it. */
    onMessage = (/** @type {Message} */ _message) => {};
    /** @type {{ sound: Severity, notes: Severity }} the least of what sounds, and of what is noted */
    from = { sound: "info", notes: "info" };

    /**
     * @param {Parts} parts
     */
    constructor(parts) {
        this.#parts = parts;
        parts.toasts.onDeed = (deed, id) => void this.#do(deed, id);
        parts.sound.onTurn = (on) => this.#turnSound(on);
        parts.notes.onTurn = (on) => this.#turnNotes(on);
        if (parts.sound.isOn) document.addEventListener("pointerdown", () => void parts.chime.wake(), { once: true });
        document.addEventListener("visibilitychange", () => this.#alerts.welcome(Date.now()));
        setInterval(() => this.#beat(), BEAT);
        void this.#ask();
    }

    /**
     * @param {Message} message
     */
    receive(message) {
        this.onMessage(message);
        if (message.type === "thresholds") return this.#askIn(ASK_SOON * Math.random());
        if (message.type === "alert") this.#take(message.alert);
        else if (message.type === "alerts_skipped") this.#alerts.skip(message.count);
        else if (message.type === "acked" || message.type === "snoozed") this.#alerts.settle(message.alert);
        else return;
        this.#show();
        this.onNews();
    }

    /**
     * @param {Link} link
     */
    setLink({ transport }) {
        const isBack = transport !== "" && !this.#isLinked;
        this.#isLinked = transport !== "";
        this.#isPolling = POLLS.includes(transport);
        if (isBack) void this.#ask(); // what others acknowledged meanwhile was not heard
    }

    /**
     * @param {Alert} alert
     */
    #take(alert) {
        if (!this.#alerts.take(alert, Date.now())) return;
        const { chime, listUrl, notes, sound, title } = this.#parts;
        if (sound.isOn && atLeast(alert.severity, this.from.sound)) chime.play(alert.severity);
        if (notes.isOn && atLeast(alert.severity, this.from.notes)) showNote(alert, `${listUrl}${alert.id}/`);
        title.start(`(${this.#alerts.unacknowledged}) ${phrase(alert.text)}`);
    }

    #show() {
        const { toasts, link } = this.#parts;
        toasts.show(this.#alerts.toasts, (alert) => this.maySettle(alert));
        link.show(this.#alerts.unacknowledged);
    }

    /**
     * @param {Alert} alert
     */
    maySettle({ owner }) {
        const { staff, viewer } = this.#reader;
        return staff || (viewer !== null && viewer === owner);
    }

    #beat() {
        if (!document.hidden && this.#alerts.expire(Date.now())) this.#show();
    }

    async #ask() {
        clearTimeout(this.#askTimer);
        try {
            const known = await this.#parts.desk.ask();
            if (known) this.#know(known);
        } catch (error) {
            console.info("what is known of alerts is asked for again:", error);
        }
        this.#askIn((this.#isPolling ? ASK_POLLING : ASK) * (1 + ASK_SPREAD * Math.random()));
    }

    /**
     * @param {number} delay ms
     */
    #askIn(delay) {
        clearTimeout(this.#askTimer);
        this.#askTimer = setTimeout(() => void this.#ask(), delay);
    }

    /**
     * @param {Known} known
     */
    #know(known) {
        this.#reader = known;
        this.#alerts.know(known);
        this.#show();
        this.onKnown(known);
    }

    /**
     * @param {Preferences["loudness"]} loudness
     */
    setLoudness(loudness) {
        this.#parts.chime.loudness = loudness;
    }

    /**
     * What somebody pressed elsewhere on the page; answers what went wrong, empty when nothing did.
     * @param {Deed} deed
     * @param {number} id
     */
    async settle(deed, id) {
        const { desk } = this.#parts;
        try {
            if (deed === "acknowledge") await desk.acknowledge(id);
            if (deed === "snooze") await desk.snooze(id, SNOOZE);
        } catch (error) {
            return notDone(error);
        }
        this.#alerts.settle(id);
        this.#show();
        return "";
    }

    /**
     * @param {Deed} deed
     * @param {number} id 0 for all
     */
    async #do(deed, id) {
        const trouble = deed === "dismiss" ? "" : await this.settle(deed, id);
        if (trouble) return this.#parts.toasts.object(id, trouble);
        if (deed !== "dismiss") return;
        if (id) this.#alerts.dismiss(id);
        else this.#alerts.dismissAll();
        this.#show();
    }

    /**
     * @param {boolean} on
     */
    async #turnSound(on) {
        if (!on) return false;
        await this.#parts.chime.wake();
        this.#parts.chime.sample("info");
        return true;
    }

    /**
     * @param {boolean} on
     */
    async #turnNotes(on) {
        if (!on) return false;
        const why = await askForNotes();
        if (why) this.#parts.notes.object(why);
        return !why;
    }
}

/**
 * @param {unknown} error
 */
function notDone(error) {
    return interpolate(gettext("That did not work: %s"), [error instanceof Error ? error.message : String(error)]);
}
