/**
 * The chart by keyboard: from candle to candle, nearer and farther, to the newest.
 *
 * @typedef {object} Moves
 * @property {(steps: number) => void} step candles to the right
 * @property {(factor: number) => void} zoom
 * @property {() => void} newest
 * @property {() => void} leave
 */

const FAST = 10; // candles

/**
 * @param {HTMLElement} element
 * @param {Moves} moves
 */
export function watchKeys(element, { step, zoom, newest, leave }) {
    /** @type {Record<string, (far: boolean) => void>} */
    const keys = {
        ArrowLeft: (far) => step(far ? -FAST : -1),
        ArrowRight: (far) => step(far ? FAST : 1),
        PageUp: () => step(-FAST),
        PageDown: () => step(FAST),
        "+": () => zoom(1.25),
        "=": () => zoom(1.25),
        "-": () => zoom(0.8),
        End: newest,
        Escape: leave,
    };
    element.addEventListener("keydown", (event) => {
        if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
        const act = keys[event.key];
        if (!act) return;
        event.preventDefault();
        act(event.shiftKey);
    });
    element.addEventListener("blur", leave);
}
