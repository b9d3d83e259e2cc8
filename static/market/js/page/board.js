/**
 * The board's page: puts the parts together and starts them.
 */
import { Listings } from "../live/listings.js";
import { need } from "../view/element.js";
import { PriceTable } from "../view/price_table.js";
import { Status } from "../view/status.js";
import { LiveBoard } from "./live_board.js";
import { startAlerts } from "./start_alerts.js";
import { startLadder } from "./start_ladder.js";

const board = need(document, "[data-board]", HTMLElement);
/** @param {string | undefined} path */
const url = (path) => new URL(path ?? "", location.href);
const { socketUrl, eventsUrl, pricesUrl, symbolsUrl, cursor = "" } = board.dataset;

const status = new Status(document, board);
const live = new LiveBoard({ board, table: new PriceTable(board), status, listings: new Listings(url(symbolsUrl)) });
const alerts = startAlerts();
const ladder = startLadder(
    { socket: url(socketUrl), events: url(eventsUrl), prices: url(pricesUrl), cursor },
    {
        onMessage(message) {
            live.receive(message);
            alerts.receive(message);
        },
        onLink(link) {
            live.setLink(link);
            alerts.setLink(link);
        },
    },
);
alerts.onKnown = ({ newest, thresholds }) => {
    ladder.knowAlert(newest);
    live.setThresholds(thresholds);
};
status.watchRetry(() => ladder.wake());
