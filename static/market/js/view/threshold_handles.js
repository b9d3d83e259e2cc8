/**
 * Grips on the lines of thresholds, over the chart: dragged with a pointer, or moved by keys as sliders are.
 *
 * @import { DecimalText } from "../messages.js"
 * @import { Chart } from "./chart.js"
 *
 * @typedef {{ name: string, price: DecimalText, label: string, strong: boolean }} Grip
 */
import { price as priceWords } from "../model/format.js";
import { moved, snapped } from "../model/ticks.js";
import { gettext, interpolate } from "../words.js";

const TALL = 24; // px of a grip, so that none covers another
const FAR = 10; // ticks

export class ThresholdHandles {
    #element;
    #chart;
    #tick;
    #digits;
    /** @type {Map<string, { grip: Grip, button: HTMLButtonElement, price: DecimalText }>} */
    #held = new Map();
    #dragged = "";

    /** While it moves; nothing is saved. */
    onDrag = (/** @type {string} */ _name, /** @type {DecimalText} */ _price) => {};
    /** It was let go at another price. */
    onDrop = (/** @type {string} */ _name, /** @type {DecimalText} */ _price) => {};
    /** It is back where it was. */
    onCancel = (/** @type {string} */ _name) => {};

    /**
     * @param {HTMLElement} element that lies over the chart
     * @param {Chart} chart
     * @param {{ tick: DecimalText, digits: number | null }} steps
     */
    constructor(element, chart, { tick, digits }) {
        this.#element = element;
        this.#chart = chart;
        this.#tick = tick;
        this.#digits = digits;
    }

    /** Whether the reader holds one just now: then nothing may put it elsewhere. */
    get isHeld() {
        return this.#dragged !== "";
    }

    /**
     * @param {readonly Grip[]} grips
     */
    show(grips) {
        const gone = new Set(this.#held.keys());
        for (const grip of grips) {
            gone.delete(grip.name);
            const held = this.#held.get(grip.name) ?? this.#add(grip);
            held.grip = grip;
            if (this.#dragged !== grip.name) held.price = grip.price;
            this.#describe(held);
        }
        for (const name of gone) {
            this.#held.get(name)?.button.remove();
            this.#held.delete(name);
        }
        this.place();
    }

    /** Puts them where their prices are now; what is out of sight waits at the edge. */
    place() {
        const { height } = this.#chart.size;
        const heights = [...this.#held.values()]
            .map((held) => ({ ...held, y: this.#chart.heightOf(Number(held.price)) }))
            .filter(({ y }) => y !== null)
            .sort((one, other) => Number(one.y) - Number(other.y));
        let free = 0;
        for (const { button, y } of heights) {
            const at = Math.max(free, Math.min(height - TALL, Number(y) - TALL / 2));
            button.dataset.beyond = Number(y) < 0 ? "up" : Number(y) > height ? "down" : "";
            button.style.transform = `translateY(${at}px)`;
            free = at + TALL;
        }
        this.#element.hidden = heights.length === 0;
    }

    /**
     * @param {Grip} grip
     */
    #add(grip) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "handle";
        button.setAttribute("role", "slider");
        button.setAttribute("aria-orientation", "vertical");
        const held = { grip, button, price: grip.price };
        button.addEventListener("pointerdown", (event) => this.#take(held, event));
        button.addEventListener("keydown", (event) => this.#press(held, event));
        button.addEventListener("blur", () => this.#dragged === held.grip.name && this.#drop(held));
        this.#held.set(grip.name, held);
        this.#element.append(button);
        return held;
    }

    /**
     * @param {{ grip: Grip, button: HTMLButtonElement, price: DecimalText }} held
     * @param {PointerEvent} event
     */
    #take(held, event) {
        if (event.button !== 0) return;
        event.preventDefault();
        const { button, grip } = held;
        const from = this.#chart.heightOf(Number(held.price)) ?? event.clientY;
        const offset = event.clientY - from;
        const listening = new AbortController();
        const options = { signal: listening.signal };
        button.focus({ preventScroll: true });
        button.setPointerCapture(event.pointerId);
        button.addEventListener("pointermove", (move) => this.#drag(held, move.clientY - offset), options);
        const end = (/** @type {boolean} */ kept) => {
            listening.abort();
            if (kept) this.#drop(held);
            else this.#cancel(held);
        };
        button.addEventListener("pointerup", () => end(true), options);
        button.addEventListener("pointercancel", () => end(false), options);
        this.#dragged = grip.name;
    }

    /**
     * @param {{ grip: Grip, button: HTMLButtonElement, price: DecimalText }} held
     * @param {number} height
     */
    #drag(held, height) {
        const price = this.#chart.priceAt(height);
        if (price !== null) this.#move(held, snapped(price, this.#tick));
    }

    /**
     * Arrows move it, Enter saves, Escape puts it back; leaving it saves too.
     * @param {{ grip: Grip, button: HTMLButtonElement, price: DecimalText }} held
     * @param {KeyboardEvent} event
     */
    #press(held, event) {
        /** @type {Record<string, number>} */
        const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: FAR, PageDown: -FAR };
        const step = (steps[event.key] ?? 0) * (event.shiftKey ? FAR : 1);
        if (step) this.#move(held, moved(held.price, step, this.#tick));
        else if (event.key === "Enter") this.#drop(held);
        else if (event.key === "Escape") this.#cancel(held);
        else return;
        event.preventDefault();
    }

    /**
     * @param {{ grip: Grip, button: HTMLButtonElement, price: DecimalText }} held
     * @param {DecimalText} price
     */
    #move(held, price) {
        this.#dragged = held.grip.name;
        held.price = price;
        this.#describe(held);
        this.place();
        this.onDrag(held.grip.name, price);
    }

    /**
     * @param {{ grip: Grip, button: HTMLButtonElement, price: DecimalText }} held
     */
    #drop(held) {
        this.#dragged = "";
        if (held.price !== held.grip.price) this.onDrop(held.grip.name, held.price);
    }

    /**
     * @param {{ grip: Grip, button: HTMLButtonElement, price: DecimalText }} held
     */
    #cancel(held) {
        this.#dragged = "";
        held.price = held.grip.price;
        this.#describe(held);
        this.place();
        this.onCancel(held.grip.name);
    }

    /**
     * @param {{ grip: Grip, button: HTMLButtonElement, price: DecimalText }} held
     */
    #describe({ grip, button, price }) {
        const words = priceWords(price, this.#digits);
        button.textContent = words;
        button.toggleAttribute("data-strong", grip.strong);
        button.setAttribute("aria-label", interpolate(gettext("Threshold: %s"), [grip.label]));
        button.setAttribute("aria-valuenow", price);
        button.setAttribute("aria-valuetext", words);
        button.title = grip.label;
    }
}
