/**
 * How long to wait before the next try: doubling, with full jitter, so that ten thousand pages do not come back at once.
 */

/**
 * @param {{ first: number, most: number, random: () => number }} options ms; `random` gives 0..1
 */
export function backoff({ first, most, random }) {
    let ceiling = first;
    return {
        /** ms to wait: between a half and the whole of the ceiling, which then doubles */
        next() {
            const wait = ceiling * (0.5 + random() / 2);
            ceiling = Math.min(most, ceiling * 2);
            return wait;
        },
        reset() {
            ceiling = first;
        },
    };
}
