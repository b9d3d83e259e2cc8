/**
 * The sound of an alert, made here: two or three short tones, higher for what is worse.
 *
 * Browsers let a page sound only after somebody clicked in it; a page that was loaded anew waits for the next click.
 *
 * @import { Severity } from "../messages.js"
 * @import { Preferences } from "../model/preferences.js"
 */

/** @type {Record<Severity, number[]>} Hz, one tone after the other */
const TONES = { info: [660], warning: [660, 880], critical: [880, 660, 880, 660] };
const TONE = 0.16; // s
/** @type {Record<Preferences["loudness"], number>} of what is possible */
const LOUDNESS = { quiet: 0.05, normal: 0.15, loud: 0.4 };
const PAUSE = 1500; // ms between two alerts that sound: a storm is one sound

export class Chime {
    /** @type {AudioContext | null} */
    #context = null;
    #playedAt = -Infinity;

    /** @type {Preferences["loudness"]} */
    loudness = "normal";

    /** Makes it ready; has to be called in the course of a click. */
    async wake() {
        this.#context ??= new AudioContext();
        await this.#context.resume();
    }

    /**
     * @param {Severity} severity
     */
    play(severity) {
        const now = performance.now();
        if (now - this.#playedAt < PAUSE) return;
        this.#playedAt = now;
        this.sample(severity);
    }

    /**
     * The sound itself, so that a reader hears what was switched on.
     * @param {Severity} severity
     */
    sample(severity) {
        const context = this.#context;
        if (context?.state !== "running") return;
        const loudness = LOUDNESS[this.loudness];
        const tones = TONES[severity] ?? TONES.info;
        tones.forEach((pitch, place) => sound(context, { pitch, loudness, at: context.currentTime + place * TONE }));
    }
}

/**
 * @param {AudioContext} context
 * @param {{ pitch: number, loudness: number, at: number }} tone Hz; of what is possible; s, on the context's clock
 */
function sound(context, { pitch, loudness: most, at }) {
    const tone = new OscillatorNode(context, { type: "sine", frequency: pitch });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(most, at + 0.01); // without these ramps it clicks
    loudness.gain.linearRampToValueAtTime(0, at + TONE);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + TONE);
}
