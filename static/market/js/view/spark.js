/**
 * The small chart in a row. Drawn as shapes, not on a canvas: each canvas is a layer of its own, and hundreds of layers
 * are what a page that scrolls spends its time on (benchmarks/README.md). Colours are the style sheets'.
 *
 * @import { Moment, Point, Series } from "../model/spark.js"
 */
import { sparkLines } from "../model/spark.js";

const SVG = "http://www.w3.org/2000/svg";
const FRAME = { width: 92.5, height: 32 }; // px of the widest look; others are stretched to theirs, lines are not

/**
 * @param {HTMLElement} cell
 * @param {{ series: Series | undefined, newest: Moment | null, now: number }} what
 */
export function drawSpark(cell, { series, newest, now }) {
    const [line, dots] = pathsIn(cell);
    const lines = sparkLines(series, newest, { ...FRAME, now });
    const last = lines.at(-1)?.at(-1);
    line.setAttribute("d", lines.map(along).join(""));
    dots.setAttribute("d", lines.filter((run) => run.length === 1 || run.at(-1) === last).map(end).join(""));
}

/**
 * @param {HTMLElement} cell
 */
function pathsIn(cell) {
    if (!cell.firstElementChild) {
        const chart = document.createElementNS(SVG, "svg");
        chart.setAttribute("aria-hidden", "true"); // the change of the day says it in a number
        chart.setAttribute("viewBox", `0 0 96 ${FRAME.height}`);
        chart.setAttribute("preserveAspectRatio", "none");
        chart.append(document.createElementNS(SVG, "path"), document.createElementNS(SVG, "path"));
        cell.append(chart);
    }
    return /** @type {SVGPathElement[]} */ ([...(cell.firstElementChild?.children ?? [])]);
}

/**
 * @param {readonly Point[]} run
 */
function along(run) {
    return `M${run.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
}

/**
 * A line of no length: its round ends are the dot.
 * @param {readonly Point[]} run
 */
function end(run) {
    const { x, y } = run[run.length - 1];
    return `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
}
