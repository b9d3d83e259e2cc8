/**
 * What the messages do to the page of one symbol: its price, and whether that may be called the price of now.
 *
 * @import { Message, Quote, Status as StatusMessage } from "../messages.js"
 * @import { Feed, Link } from "../model/freshness.js"
 * @import { Status } from "../view/status.js"
 * @import { Ticker } from "../view/ticker.js"
 * @import { LiveChart } from "./live_chart.js"
 *
 * @typedef {{ page: HTMLElement, ticker: Ticker, status: Status, chart: LiveChart }} Parts
 */
import { freshness } from "../model/freshness.js";
import { Prices } from "../model/prices.js";
import { parse } from "../model/exact_json.js";

const BEAT = 500; // ms between looks at ages, tests and freshness
const POLLS = ["long poll", "poll"];
const CANDLES_EVERY = 2000; // ms between questions for candles where nothing tells of them

export class LiveSymbol {
    #parts;
    #key;
    #symbol;
    #isHalted; // as the exchange lists it
    #prices = new Prices();
    #frame = 0;
    #source = "";
    #skew; // ms that the server's clock is ahead of this device's
    #polledAt = 0;
    /** @type {Feed} */
    #feed = { state: "", reason: "", since: 0, priced: false };
    /** @type {Link} */
    #link = { transport: "", doubtful: false, lostAt: 0, retryAt: 0, reason: "", offline: false, refused: false };

    /**
     * @param {Parts} parts
     */
    constructor(parts) {
        const { dataset } = parts.page;
        this.#parts = parts;
        this.#symbol = dataset.symbol ?? "";
        this.#key = `${dataset.exchange}:${this.#symbol}`;
        this.#isHalted = Boolean(dataset.haltedRow);
        this.#skew = Number(dataset.now) - Date.now();
        this.#takeSnapshot();
        this.#link.lostAt = Date.now();
        this.#beat();
    }

    /**
     * @param {Message} message
     */
    receive(message) {
        if (message.type === "status") this.#takeStatus(message);
        else if (message.type === "connected" && message.timestamp) this.#skew = Date.parse(message.timestamp) - Date.now();
        else if (message.type === "candle") this.#parts.chart.take(message);
        else if ("data" in message) this.#takePrices(message.data, message.type === "snapshot");
    }

    /**
     * @param {Link} link
     */
    setLink(link) {
        const isBack = link.transport && !this.#link.transport;
        this.#link = link;
        if (isBack) this.#parts.chart.catchUp();
        this.#showStatus();
    }

    #takeSnapshot() {
        const { quotes = "[]", feed, source, reason, halted = "", silent = "" } = this.#parts.page.dataset;
        const words = { halted: halted.split(" "), silent: silent.split(" ") };
        this.#takePrices(parse(quotes));
        this.#takeStatus(/** @type {StatusMessage} */ ({ type: "status", feed, source, reason, ...words }));
    }

    /**
     * @param {readonly Quote[]} quotes
     * @param {boolean} [known] to the shared connection before: they may be older than what the page was served with
     */
    #takePrices(quotes, known = false) {
        if (known) this.#prices.applyNewer(quotes, this.#now);
        else this.#prices.apply(quotes, this.#now);
        const line = this.#line;
        for (const { source, price, timestamp } of quotes) {
            if (source !== "test" && price !== undefined) this.#parts.chart.setPrice(price, Date.parse(timestamp));
        }
        if (line?.source && this.#source && line.source !== this.#source) this.#parts.chart.restart();
        this.#source = line?.source ?? this.#source;
        this.#paint();
    }

    /**
     * @param {StatusMessage} status
     */
    #takeStatus({ feed, source, reason = "", halted = [], silent = [] }) {
        const { newest } = this.#prices;
        const { status, ticker } = this.#parts;
        this.#feed = { state: feed, reason, since: newest && newest - this.#skew, priced: newest > 0 };
        if (source !== undefined) status.showSource(source);
        ticker.halted = this.#isHalted || halted.includes(this.#symbol);
        ticker.silent = silent.includes(this.#symbol);
        this.#paint();
        this.#showStatus();
    }

    get #line() {
        return this.#prices.get(this.#key);
    }

    get #now() {
        return Date.now() + this.#skew;
    }

    #paint() {
        this.#frame ||= requestAnimationFrame(() => {
            this.#frame = 0;
            this.#parts.ticker.show(this.#line, this.#now);
        });
    }

    #showStatus() {
        const now = Date.now();
        this.#parts.status.show(freshness(this.#link, this.#feed, now), this.#link, now);
    }

    #beat() {
        if (this.#prices.endTests(this.#now).length) this.#paint();
        this.#parts.ticker.showAge(this.#line, this.#now);
        this.#showStatus();
        if (POLLS.includes(this.#link.transport) && Date.now() - this.#polledAt > CANDLES_EVERY) {
            this.#polledAt = Date.now();
            this.#parts.chart.poll();
        }
        setTimeout(() => this.#beat(), BEAT);
    }
}
