/**
 * One row of the table. Writes only what differs from what it wrote last.
 *
 * @import { Listing, NumberName } from "../messages.js"
 * @import { Line, Numbers } from "../model/prices.js"
 * @import { Series } from "../model/spark.js"
 * @import { Threshold } from "../model/thresholds.js"
 */
import { age, localDateTime, percent, price, volume } from "../model/format.js";
import { MINUS } from "../model/decimal.js";
import { gettext, interpolate, phrase } from "../words.js";
import { distanceWords, nearest } from "../model/thresholds.js";
import { need } from "./element.js";
import { drawSpark } from "./spark.js";

/** @type {NumberName[]} */
const PRICES = ["high_24h", "low_24h", "bid", "ask"];
/** @type {NumberName[]} */
const VOLUMES = ["volume_24h", "quote_volume_24h"];
const SURELY_FITS = 13; // characters of a name
const FLASH_STEP = 175; // ms
const FLASH_STEPS = 4;
const SPARK_MOVES = 1000; // ms between two drawings while the price moves
const SPARK_AGES = 60 * 1000; // ms, while it stands: time goes on

export class PriceRow {
    #element;
    #mark;
    #threshold;
    #price;
    #priceCell;
    #isLong;
    #fits = false;
    #time;
    /** @type {Map<string, HTMLElement>} */
    #cells = new Map();
    /** @type {Map<HTMLElement, string>} */
    #written = new Map();
    #moves = 0;
    #movedAt = -Infinity;
    #flash = FLASH_STEPS;
    /** @type {number | null} */
    #digits;
    #listedHalted = false;
    #timestamp = "";
    #sparkAt = 0;
    #sparkPrice = "";
    /** @type {Series | undefined} */
    #sparkSeries;

    halted = false;
    silent = false;
    /** @type {readonly Threshold[] | null} rules on this symbol; null: not known yet */
    thresholds = null;

    /**
     * @param {HTMLTableRowElement} element as `_price_row.html` writes it
     */
    constructor(element) {
        this.#element = element;
        for (const cell of element.cells) this.#cells.set(cell.dataset.cell ?? "", cell);
        this.#mark = need(element, ".mark", HTMLElement);
        this.#threshold = need(element, ".threshold", HTMLElement);
        this.#priceCell = this.#cell("price");
        this.#price = need(this.#priceCell, "span", HTMLElement);
        this.#time = need(element, "time", HTMLTimeElement);
        this.#isLong = this.names[1].length > SURELY_FITS;
        this.#digits = element.dataset.digits ? Number(element.dataset.digits) : null;
        this.#fit();
    }

    get element() {
        return this.#element;
    }

    get key() {
        return this.#element.dataset.key ?? "";
    }

    get symbol() {
        return this.key.slice(this.key.indexOf(":") + 1);
    }

    get position() {
        return Number(this.#element.dataset.position);
    }

    /** The asset that its prices are in. */
    get quote() {
        return this.#element.dataset.quote ?? "";
    }

    /** What a search looks through. */
    get names() {
        return [this.symbol, this.#text(".base") + this.#text(".quote"), this.key];
    }

    /**
     * @param {Listing} listing
     */
    list({ exchange, symbol, base, quote, digits, position, halted }) {
        const { dataset } = this.#element;
        dataset.key = `${exchange}:${symbol}`;
        dataset.position = String(position);
        dataset.quote = quote;
        this.#digits = digits;
        this.#listedHalted = halted;
        this.#write(need(this.#element, ".base", HTMLElement), base || symbol);
        this.#write(need(this.#element, ".quote", HTMLElement), quote && `/${quote}`);
        const page = `/symbols/${encodeURIComponent(exchange)}/${encodeURIComponent(symbol)}/`;
        const link = need(this.#element, ".name", HTMLAnchorElement);
        if (link.getAttribute("href") !== page) link.setAttribute("href", page);
        this.#isLong = this.names[1].length > SURELY_FITS;
        const star = need(this.#element, "[data-star]", HTMLElement);
        const label = `${gettext("Favourite")}: ${link.textContent}`;
        if (star.ariaLabel !== label) star.ariaLabel = label;
    }

    /**
     * @param {Line | undefined} line
     * @param {number} now
     */
    show(line, now) {
        this.#label(line);
        if (line) this.#showNumbers(line, now);
        this.#fit();
    }

    /**
     * @param {Line} line
     * @param {number} now
     */
    #showNumbers(line, now) {
        const shown = line.test?.quote ?? line.numbers;
        this.#write(this.#price, price(shown.price, this.#digits));
        this.#showChange(percent(shown.change_24h));
        for (const name of PRICES) this.#write(this.#cell(name), price(line.numbers[name], this.#digits));
        for (const name of VOLUMES) this.#showVolume(this.#cell(name), line.numbers[name]);
        this.#showMove(line);
        this.#showThreshold(line.numbers);
        if (line.timestamp !== this.#timestamp) this.#showTime(line.timestamp);
        this.showAge(line, now);
    }

    /**
     * How long ago the quote changed.
     * @param {Line | undefined} line
     * @param {number} now
     */
    showAge(line, now) {
        if (line?.at) this.#write(this.#time, age(now - line.at));
    }

    /**
     * The flash of a price that moved, as it is at that time.
     * @param {number} at of performance.now()
     * @returns {boolean} whether it goes on
     */
    showFlash(at) {
        const step = Math.min(FLASH_STEPS, Math.max(0, Math.floor((at - this.#movedAt) / FLASH_STEP)));
        const isOn = step < FLASH_STEPS;
        if (step === this.#flash) return isOn;
        this.#flash = step;
        if (isOn) this.#priceCell.dataset.flash = String(step);
        else delete this.#priceCell.dataset.flash;
        return isOn;
    }

    /**
     * Draws the small chart where it shows something else by now.
     * @param {Line | undefined} line
     * @param {{ series: Series | undefined, now: number }} look
     * @returns {boolean} whether it was drawn
     */
    showSpark(line, { series, now }) {
        const price = line?.numbers.price ?? "";
        const isSame = price === this.#sparkPrice && series === this.#sparkSeries;
        if (this.#sparkAt && now - this.#sparkAt < (isSame ? SPARK_AGES : SPARK_MOVES)) return false;
        this.#sparkAt = now;
        this.#sparkPrice = price;
        this.#sparkSeries = series;
        const newest = line?.at && price ? { price: Number(price), at: line.at } : null;
        drawSpark(this.#cell("spark"), { series, newest, now });
        return true;
    }

    get #isHalted() {
        return this.halted || this.#listedHalted;
    }

    /**
     * @param {Line | undefined} line
     */
    #label(line) {
        const hasPrice = line?.numbers.price !== undefined;
        const [kind, words] = line?.test
            ? ["test", gettext("TEST")]
            : this.#isHalted
              ? ["halted", gettext("halted")]
              : !hasPrice
                ? ["empty", gettext("no data yet")]
                : this.silent
                  ? ["silent", gettext("no updates")]
                  : ["", ""];
        if (this.#element.dataset.mark !== kind) this.#element.dataset.mark = kind;
        this.#write(this.#mark, words);
    }

    /** Says whether its first cell can do without a clip, which costs time in each frame that is painted. */
    #fit() {
        const fits = !this.#isLong && !this.#mark.firstChild && !this.#threshold.firstChild;
        if (fits === this.#fits) return;
        this.#fits = fits;
        this.#element.cells[0].toggleAttribute("data-fits", fits);
    }

    /**
     * @param {string} text
     */
    #showChange(text) {
        const cell = this.#cell("change_24h");
        if (!this.#write(cell, text)) return;
        cell.dataset.sign = text.startsWith("+") ? "up" : text.startsWith(MINUS) ? "down" : "";
    }

    /**
     * @param {HTMLElement} cell
     * @param {string | undefined} text
     */
    #showVolume(cell, text = "") {
        this.#write(cell, volume(text || undefined));
        if (cell.title !== text) cell.title = text;
    }

    /**
     * Colour, arrow and flash; none for the first price, which did not move.
     * @param {Line} line
     */
    #showMove({ direction, moves }) {
        if (moves === this.#moves) return;
        this.#moves = moves;
        this.#movedAt = performance.now();
        const { dataset } = this.#priceCell;
        if (dataset.direction !== direction) dataset.direction = direction;
    }

    /**
     * How far it is to the rule that is nearest.
     * @param {Numbers} numbers
     */
    #showThreshold(numbers) {
        if (!this.thresholds) return; // what the server marked stays
        const distance = this.thresholds.length ? nearest(this.thresholds, numbers) : null;
        if (!this.#write(this.#threshold, distance ? distanceWords(distance) : "") || !distance) return;
        this.#threshold.toggleAttribute("data-past", distance.past);
        const words = distance.past
            ? gettext("Alert when it %(rule)s again: the price is past it")
            : gettext("Alert when it %(rule)s");
        this.#threshold.title = interpolate(words, { rule: phrase(distance.text) });
    }

    /**
     * @param {string} timestamp
     */
    #showTime(timestamp) {
        this.#timestamp = timestamp;
        this.#time.dateTime = timestamp;
        this.#time.title = localDateTime(Date.parse(timestamp));
    }

    /**
     * @param {string} name
     * @returns {HTMLElement}
     */
    #cell(name) {
        const cell = this.#cells.get(name);
        if (!cell) throw new Error(`the row has no cell ${name}`);
        return cell;
    }

    /**
     * @param {HTMLElement} element
     * @param {string} text
     * @returns {boolean} whether it differed
     */
    #write(element, text) {
        const written = this.#written.get(element) ?? element.textContent;
        this.#written.set(element, text);
        if (written === text) return false;
        element.textContent = text;
        return true;
    }

    /**
     * @param {string} selector
     */
    #text(selector) {
        return need(this.#element, selector, HTMLElement).textContent ?? "";
    }
}
