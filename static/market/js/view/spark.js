/**
 * The small chart in a row: a canvas, drawn only where somebody can see it.
 *
 * @import { Moment, Point, Series } from "../model/spark.js"
 */
import { sparkLines } from "../model/spark.js";

const DOT = 1.75; // px, radius of the newest price
const LINE = 1.25; // px

/** Colours and size as the style sheets have them, the same for all rows: asked for once, not per row. */
export class SparkInk {
    up = "";
    down = "";
    calm = "";
    width = 0; // px
    height = 0;

    /**
     * @param {HTMLElement} table
     * @returns {boolean} whether anything is another than before
     */
    read(table) {
        const before = JSON.stringify(this);
        const style = getComputedStyle(table);
        const canvas = table.querySelector("tr:not([hidden]) canvas");
        this.up = style.borderTopColor;
        this.down = style.borderRightColor;
        this.calm = style.borderBottomColor;
        this.width = canvas?.clientWidth ?? 0;
        this.height = canvas?.clientHeight ?? 0;
        return JSON.stringify(this) !== before;
    }
}

/**
 * @param {HTMLElement} cell
 * @param {{ series: Series | undefined, newest: Moment | null, now: number, stale: boolean }} what
 * @param {SparkInk} ink
 */
export function drawSpark(cell, { series, newest, now, stale }, ink) {
    const canvas = canvasIn(cell);
    const pen = canvas.getContext("2d");
    if (!pen || !ink.width) return;
    fit(canvas, ink);
    const lines = sparkLines(series, newest, { now, width: ink.width - 2 * DOT, height: ink.height });
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, ink.width, ink.height);
    const first = lines[0]?.[0];
    const last = lines.at(-1)?.at(-1);
    if (!first || !last) return;
    pen.strokeStyle = pen.fillStyle = stale ? ink.calm : last.y <= first.y ? ink.up : ink.down;
    stroke(pen, lines);
    pen.beginPath();
    for (const line of lines) if (line.length === 1 || line.at(-1) === last) dot(pen, line[line.length - 1]);
    pen.fill();
}

/**
 * @param {HTMLElement} cell
 */
export function canvasIn(cell) {
    const found = cell.firstElementChild;
    if (found instanceof HTMLCanvasElement) return found;
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true"); // the change of the day says it in a number
    cell.append(canvas);
    return canvas;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {SparkInk} ink
 */
function fit(canvas, ink) {
    const width = Math.round(ink.width * devicePixelRatio);
    const height = Math.round(ink.height * devicePixelRatio);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {readonly Point[][]} lines
 */
function stroke(pen, lines) {
    pen.lineWidth = LINE;
    pen.lineJoin = "round";
    pen.beginPath();
    for (const line of lines) line.forEach(({ x, y }, place) => (place ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Point} place
 */
function dot(pen, { x, y }) {
    pen.moveTo(x + DOT, y);
    pen.arc(x, y, DOT, 0, 2 * Math.PI);
}
