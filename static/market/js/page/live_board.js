/**
 * What the messages do to the board. Takes them as they come and writes once per animation frame.
 *
 * @import { Message, Quote, Status as StatusMessage } from "../messages.js"
 * @import { Feed, Link } from "../model/freshness.js"
 * @import { Threshold } from "../model/thresholds.js"
 * @import { Order } from "../model/order.js"
 * @import { Preferences } from "../model/preferences.js"
 * @import { Series } from "../model/spark.js"
 * @import { Listings } from "../live/listings.js"
 * @import { PriceTable } from "../view/price_table.js"
 * @import { Status } from "../view/status.js"
 */
import { BOARD, memberOf, moved, ownOrder } from "../model/arrangement.js";
import { freshness } from "../model/freshness.js";
import { sorted } from "../model/order.js";
import { Prices } from "../model/prices.js";
import { parse } from "../model/exact_json.js";
import { showCount, watchSearch } from "../view/search.js";
import { watchSorting } from "../view/sorting.js";

const BEAT = 500; // ms between looks at ages, tests and freshness
const FADE = 175; // ms between the steps of a flash
const LIST_SPREAD = 300; // ms within which all open pages ask for the new list of symbols
const LIST_POLL = 2000; // ms between questions for the list where nothing tells of its changes
const POLLS = ["long poll", "poll"];

export class LiveBoard {
    #board;
    #table;
    #status;
    #listings;
    #prices = new Prices();
    /** @type {Set<string>} */
    #changed = new Set();
    #frame = 0;
    #ageFrame = 0;
    #fading = 0;
    /** @type {Feed} */
    #feed = { state: "", reason: "", since: 0, priced: false };
    /** @type {Link} */
    #link = { transport: "", doubtful: false, lostAt: 0, retryAt: 0, reason: "", offline: false, refused: false };
    #skew; // ms that the server's clock is ahead of this device's
    #listedAt = 0;
    #search;
    #sorting;
    /** @type {Order | null} */
    #order = null;
    #own = BOARD;
    #belongs = (/** @type {{ key: string, quote: string }} */ _row) => true;
    /** @type {ReadonlyMap<string, Series>} */
    #sparks = new Map();

    /**
     * @param {{ board: HTMLElement, table: PriceTable, status: Status, listings: Listings }} parts
     */
    constructor({ board, table, status, listings }) {
        const { dataset } = board;
        this.#board = board;
        this.#table = table;
        this.#status = status;
        this.#listings = listings;
        this.#skew = Number(dataset.now) - Date.now();
        table.onNear = (keys) => this.#showNear(keys);
        this.#search = watchSearch(board, () => this.#filter());
        this.#sorting = watchSorting(board, (order) => {
            this.#order = order;
            this.#sort();
        });
        this.#takeSnapshot();
        this.#link.lostAt = Date.now();
        this.#beat();
    }

    /**
     * @param {Message} message
     */
    receive(message) {
        if (message.type === "status") this.#takeStatus(message);
        else if (message.type === "symbols") this.#listSoon();
        else if (message.type === "connected") this.#setClock(message.timestamp);
        else if (message.type === "snapshot") this.#paint(this.#prices.applyNewer(message.data, this.#now));
        else if (message.type === "price_update") this.#takePrices(message.data);
    }

    /** The rows' keys as they stand. */
    get keys() {
        return sorted(this.#standing, this.#order, this.#own).map(({ key }) => key);
    }

    /** The element that holds the rows. */
    get body() {
        return this.#table.body;
    }

    /**
     * Order and group as the reader has them.
     * @param {Preferences} chosen
     * @param {boolean} isArranging all rows are shown then
     */
    arrange(chosen, isArranging) {
        this.#own = ownOrder(chosen);
        this.#belongs = isArranging ? () => true : memberOf(chosen);
        if (isArranging && this.#order) {
            this.#sorting.clear();
            this.#order = null;
        }
        this.#filter();
        if (!this.#order) this.#sort();
    }

    /**
     * The keys with one of them put elsewhere.
     * @param {string} key
     * @param {{ other: string, behind: boolean }} place
     */
    keysWith(key, place) {
        return moved(this.keys, key, place);
    }

    /**
     * @param {ReadonlyMap<string, Series>} sparks by the keys of rows
     */
    setSparks(sparks) {
        this.#sparks = sparks;
    }

    /**
     * @param {Link} link
     */
    setLink(link) {
        const isBack = link.transport && !this.#link.transport;
        this.#link = link;
        if (isBack) this.#listSoon();
        this.#showStatus();
    }

    /**
     * Marks on the rows.
     * @param {readonly Threshold[]} thresholds
     */
    setThresholds(thresholds) {
        this.#paint(this.#table.setThresholds(thresholds));
    }

    /** What the server wrote into the page: the same as a first message, without a second reading. */
    #takeSnapshot() {
        const { quotes = "[]", feed, source, reason, halted = "", silent = "" } = this.#board.dataset;
        const words = { halted: halted.split(" "), silent: silent.split(" ") };
        this.#takePrices(parse(quotes));
        this.#takeStatus(/** @type {StatusMessage} */ ({ type: "status", feed, source, reason, ...words }));
    }

    /** The server's time, ms since 1970. */
    get #now() {
        return Date.now() + this.#skew;
    }

    /**
     * @param {string | undefined} timestamp
     */
    #setClock(timestamp) {
        if (timestamp) this.#skew = Date.parse(timestamp) - Date.now();
    }

    /**
     * @param {readonly Quote[]} quotes
     */
    #takePrices(quotes) {
        this.#paint(this.#prices.apply(quotes, this.#now));
    }

    /**
     * @param {StatusMessage} status
     */
    #takeStatus({ feed, source, reason = "", halted = [], silent = [] }) {
        const { newest } = this.#prices;
        this.#feed = { state: feed, reason, since: newest && newest - this.#skew, priced: newest > 0 };
        if (source !== undefined) this.#status.showSource(source);
        this.#paint(this.#table.mark({ halted: new Set(halted), silent: new Set(silent) }));
        this.#showStatus();
    }

    #showStatus() {
        const now = Date.now();
        this.#status.show(freshness(this.#link, this.#feed, now), this.#link, now);
    }

    /**
     * @param {Iterable<string>} keys of rows to write with the next frame
     */
    #paint(keys) {
        for (const key of keys) this.#changed.add(key);
        if (this.#changed.size) this.#ask();
    }

    #ask() {
        this.#frame ||= requestAnimationFrame(() => this.#write());
    }

    #write() {
        this.#frame = 0;
        this.#table.show(this.#changed, (key) => this.#prices.get(key), this.#now);
        if (this.#changed.size) this.#ask(); // with the next frame
        if (this.#table.fade(performance.now())) this.#fading ||= setTimeout(() => this.#fadeOn(), FADE);
        this.#draw();
    }

    /**
     * @param {string[]} keys
     */
    #showNear(keys) {
        this.#table.showNear(keys, (key) => this.#prices.get(key), this.#now);
        this.#ask();
    }

    #fadeOn() {
        this.#fading = 0;
        this.#ask();
    }

    #draw() {
        this.#table.showSparks((key) => this.#prices.get(key), { series: this.#sparks, now: this.#now });
    }

    /** What time alone changes, and rows that nobody sees. */
    #age() {
        this.#ageFrame = 0;
        this.#table.showAges((key) => this.#prices.get(key), this.#now);
        this.#table.showLate((key) => this.#prices.get(key), this.#now);
        this.#draw();
    }

    #beat() {
        this.#paint(this.#prices.endTests(this.#now));
        this.#ageFrame ||= requestAnimationFrame(() => this.#age()); // none run while the page is hidden
        this.#showStatus();
        if (POLLS.includes(this.#link.transport) && Date.now() - this.#listedAt > LIST_POLL) this.#listSoon(0);
        setTimeout(() => this.#beat(), BEAT);
    }

    #listSoon(spread = LIST_SPREAD) {
        this.#listedAt = Date.now();
        setTimeout(() => this.#list().catch((error) => this.#listLater(error)), Math.random() * spread);
    }

    async #list() {
        const listings = await this.#listings.ask();
        if (!listings) return;
        const isOther = this.#table.list(listings);
        this.#prices.keepOnly(this.#table.keys);
        this.#paint(this.#table.keys);
        if (!isOther) return;
        this.#filter();
        if (!this.#order) this.#sort(); // a chosen order stays until it is asked for anew
    }

    /**
     * @param {unknown} error
     */
    #listLater(error) {
        console.info("the list of symbols is asked for again:", error);
        if (this.#link.transport) setTimeout(() => this.#listSoon(), LIST_POLL); // else with the connection
    }

    #filter() {
        showCount(this.#board, this.#table.filter(this.#search.text, this.#belongs), this.#table.rows.length);
    }

    #sort() {
        this.#table.arrange(sorted(this.#standing, this.#order, this.#own).map(({ row }) => row));
    }

    get #standing() {
        return this.#table.rows.map((row) => {
            const { symbol, position, key } = row;
            return { row, key, symbol, position, line: this.#prices.get(key) };
        });
    }
}
