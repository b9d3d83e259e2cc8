/**
 * The line of a price's last 24 hours, as points to draw. Prices are for the eye here, so doubles will do.
 *
 * @typedef {object} Series closing prices at equal distances
 * @property {number} from ms since 1970
 * @property {number} step ms
 * @property {readonly (number | null)[]} values the last price of each step, null where nothing is known
 *
 * @typedef {{ price: number, at: number }} Moment a price and when it was, ms since 1970
 * @typedef {{ x: number, y: number }} Point
 */

const DAY = 24 * 60 * 60 * 1000; // ms
const BRIDGED = 1.5; // steps: a price that came later than this after the last one is not joined to it
const MARGIN = 2.5; // px above and below

/**
 * Lines to draw, each without a gap; one of a single point is a dot. The newest price is the end of the last one.
 * @param {Series | undefined} series
 * @param {Moment | null} newest
 * @param {{ now: number, width: number, height: number }} frame `now` at the right edge, px
 * @returns {Point[][]}
 */
export function sparkLines(series, newest, { now, width, height }) {
    const begin = now - DAY;
    const runs = runsOf(series, begin);
    if (newest) join(runs, newest, series?.step ?? 0);
    const prices = runs.flat().map(({ price }) => price);
    const low = Math.min(...prices);
    const high = Math.max(...prices);
    const x = (/** @type {number} */ at) => (Math.min(at, now) - begin) * (width / DAY);
    const y = (/** @type {number} */ price) =>
        high > low ? height - MARGIN - ((price - low) / (high - low)) * (height - 2 * MARGIN) : height / 2;
    return runs.map((run) => run.map(({ price, at }) => ({ x: x(at), y: y(price) })));
}

/**
 * @param {Series | undefined} series
 * @param {number} begin ms since 1970
 * @returns {Moment[][]}
 */
function runsOf(series, begin) {
    /** @type {Moment[][]} */
    const runs = [];
    let isOpen = false;
    series?.values.forEach((price, place) => {
        const at = series.from + (place + 1) * series.step; // a close is the price of the step's end
        if (price === null || at < begin) {
            isOpen = false;
            return;
        }
        if (!isOpen) runs.push([]);
        isOpen = true;
        runs[runs.length - 1].push({ price, at });
    });
    return runs;
}

/**
 * @param {Moment[][]} runs
 * @param {Moment} newest
 * @param {number} step ms
 */
function join(runs, newest, step) {
    const last = runs.at(-1);
    const before = last?.at(-1);
    if (last && before && newest.at >= before.at && newest.at - before.at <= BRIDGED * step) last.push(newest);
    else if (!before || newest.at > before.at) runs.push([newest]);
}
