/**
 * The thresholds of a symbol: lines in the chart, grips for staff, the list beside it, and one step back.
 *
 * @import { DecimalText, End, Ends, RuleLine } from "../messages.js"
 * @import { Moved, ThresholdDesk } from "../live/threshold_desk.js"
 * @import { Chart, Level } from "../view/chart.js"
 * @import { Grip, ThresholdHandles } from "../view/threshold_handles.js"
 * @import { ThresholdList } from "../view/threshold_list.js"
 *
 * @typedef {{ desk: ThresholdDesk, chart: Chart, handles: ThresholdHandles, list: ThresholdList }} Parts
 */
import { Overtaken } from "../live/threshold_desk.js";
import { price as priceWords } from "../model/format.js";
import { gettext, interpolate, phrase } from "../words.js";

/** @type {Record<string, string>} */
const SIGNS = { above: "\u2265", below: "\u2264", cross: "\u2195", enters: "[ ]", leaves: "] [" };
const AGAIN = 3000; // ms until they are asked for again when they could not be read

export class LiveThresholds {
    #parts;
    #digits;
    /** @type {RuleLine[]} */
    #lines = [];
    #mayChange = false;
    /** @type {{ line: RuleLine, ends: Ends } | null} */
    #undo = null;

    /**
     * @param {Parts} parts
     * @param {number | null} digits
     */
    constructor(parts, digits) {
        this.#parts = parts;
        this.#digits = digits;
        const { chart, handles, list } = parts;
        handles.onDrag = (name, price) => this.#drag(name, price);
        handles.onDrop = (name, price) => void this.#drop(name, price);
        handles.onCancel = () => this.#show();
        list.onSave = (id, ends) => void this.#save(id, ends);
        list.onUndo = () => void this.#takeBack();
        chart.onMove = () => handles.place();
        void this.read();
    }

    /** As the server has them now. */
    async read() {
        if (this.#parts.handles.isHeld) return;
        try {
            const { thresholds, may_change: mayChange } = await this.#parts.desk.read();
            this.#lines = thresholds;
            this.#mayChange = mayChange;
            this.#show();
        } catch (error) {
            console.info("thresholds are asked for again:", error);
            setTimeout(() => void this.read(), AGAIN);
        }
    }

    /** Colours are others. */
    repaint() {
        this.#show();
    }

    #show() {
        this.#parts.list.show(this.#lines);
        this.#parts.chart.setLevels(new Map(this.#grips().map((grip) => [grip.name, this.#level(grip)])));
        this.#parts.handles.show(this.#mayChange ? this.#grips() : []);
    }

    /** One for each price that is watched. */
    #grips() {
        return this.#lines.filter((line) => !line.in_percent).flatMap((line) =>
            endsOf(line).map(
                /** @returns {Grip} */
                (end) => ({ name: `${line.id}:${end}`, price: line[end] ?? "", label: phrase(line.text), strong: line.severity === "critical" }),
            ),
        );
    }

    /**
     * @param {Grip} grip
     * @param {DecimalText} [price] where it is dragged to
     * @returns {Level}
     */
    #level(grip, price = grip.price) {
        const condition = this.#named(grip.name).line?.condition ?? "above";
        return { price: Number(price), title: SIGNS[condition] ?? "", strong: grip.strong };
    }

    /**
     * @param {string} name
     */
    #named(name) {
        const [id, end] = name.split(":");
        return { line: this.#lines.find((line) => line.id === Number(id)), end: /** @type {End} */ (end) };
    }

    /**
     * The line follows the pointer.
     * @param {string} name
     * @param {DecimalText} price
     */
    #drag(name, price) {
        this.#parts.chart.setLevels(
            new Map(this.#grips().map((grip) => [grip.name, this.#level(grip, grip.name === name ? price : grip.price)])),
        );
    }

    /**
     * @param {string} name
     * @param {DecimalText} price
     */
    async #drop(name, price) {
        const { line, end } = this.#named(name);
        if (line) await this.#save(line.id, { [end]: price });
    }

    /**
     * @param {number} id
     * @param {Ends} ends
     */
    async #save(id, ends) {
        const line = this.#lines.find((each) => each.id === id);
        if (!line) return;
        await this.#move(line, ends, ({ threshold, before }) => {
            const changed = endsOf(threshold).filter((end) => before[end] !== threshold[end]);
            if (!changed.length) return this.#parts.list.say(gettext("Nothing changed."), { kind: "done", undo: false });
            this.#undo = { line: threshold, ends: Object.fromEntries(changed.map((end) => [end, before[end]])) };
            const to = changed.map((end) => priceWords(threshold[end] ?? undefined, this.#digits)).join(" \u2013 ");
            const from = changed.map((end) => priceWords(before[end] ?? undefined, this.#digits)).join(" \u2013 ");
            this.#parts.list.say(interpolate(gettext("Moved from %(from)s to %(to)s."), { from, to }), { kind: "done", undo: true });
        });
    }

    async #takeBack() {
        if (!this.#undo) return;
        const { line, ends } = this.#undo;
        this.#undo = null;
        await this.#move(line, ends, ({ threshold }) => {
            const words = interpolate(gettext("Taken back: it %s again."), [threshold.text]);
            this.#parts.list.say(words, { kind: "done", undo: false });
        });
    }

    /**
     * @param {RuleLine} line in the version that the reader saw
     * @param {Ends} ends
     * @param {(done: Moved) => void} then
     */
    async #move(line, ends, then) {
        try {
            const done = await this.#parts.desk.move(line, ends);
            this.#lines = this.#lines.map((each) => (each.id === line.id ? done.threshold : each));
            then(done);
            this.#show();
        } catch (error) {
            const why = error instanceof Error ? error.message : String(error);
            this.#parts.list.say(interpolate(gettext("Not saved: %s"), [why]), { kind: "refused", undo: false });
            this.#undo = null;
            this.#show();
            if (error instanceof Overtaken) await this.read();
        }
    }
}

/**
 * @param {RuleLine} line
 * @returns {End[]}
 */
function endsOf(line) {
    return line.upper === null ? ["threshold"] : ["threshold", "upper"];
}
