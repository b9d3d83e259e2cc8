/**
 * The board's page: puts the parts together and starts them.
 */
import { Ladder } from "../live/follow.js";
import { Listings } from "../live/listings.js";
import { eventsRung } from "../live/events.js";
import { longPollRung, shortPollRung } from "../live/poll.js";
import { socketRung } from "../live/socket.js";
import { watchPage } from "../live/wake.js";
import { need } from "../view/element.js";
import { PriceTable } from "../view/price_table.js";
import { Status } from "../view/status.js";
import { LiveBoard } from "./live_board.js";

const board = need(document, "[data-board]", HTMLElement);
/** @param {string | undefined} path */
const url = (path) => new URL(path ?? "", location.href);
const { socketUrl, eventsUrl, pricesUrl, symbolsUrl, cursor = "" } = board.dataset;

const status = new Status(document, board);
const live = new LiveBoard({ board, table: new PriceTable(board), status, listings: new Listings(url(symbolsUrl)) });
const ladder = new Ladder({
    rungs: [
        socketRung(url(socketUrl)),
        eventsRung(url(eventsUrl), url(pricesUrl)),
        longPollRung(url(pricesUrl)),
        shortPollRung(url(pricesUrl)),
    ],
    clock: {
        now: () => Date.now(),
        random: () => Math.random(),
        setTimeout: (call, ms) => setTimeout(call, ms),
        clearTimeout: (timer) => clearTimeout(timer),
    },
    cursor,
    onMessage: (message) => live.receive(message),
    onLink: (link) => live.setLink(link),
});
status.watchRetry(() => ladder.wake());
watchPage(window, ladder);
