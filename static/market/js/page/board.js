/**
 * The board's page: puts the parts together and starts them.
 */
import { Listings } from "../live/listings.js";
import { SparkDesk } from "../live/spark_desk.js";
import { AlertsPanel } from "../view/alerts_panel.js";
import { need } from "../view/element.js";
import { PriceTable } from "../view/price_table.js";
import { Status } from "../view/status.js";
import { startArranging } from "./arranging.js";
import { install, noteLoss } from "./install.js";
import { LiveBoard } from "./live_board.js";
import { LivePanel } from "./live_panel.js";
import { startSparks } from "./live_sparks.js";
import { watchPace } from "./pace.js";
import { alertDesk, startAlerts } from "./start_alerts.js";
import { startLine } from "./start_line.js";
import { showPreferences, startPreferences } from "./start_preferences.js";

const board = need(document, "[data-board]", HTMLElement);
/** @param {string | undefined} path */
const url = (path) => new URL(path ?? "", location.href);
const { socketUrl, eventsUrl, pricesUrl, symbolsUrl, workerUrl, sparklinesUrl, preferencesUrl, installUrl = "" } = board.dataset;

const store = startPreferences(url(preferencesUrl));
const status = new Status(document, board);
const live = new LiveBoard({ board, table: new PriceTable(board), status, listings: new Listings(url(symbolsUrl)) });
const alerts = startAlerts();
const panel = new AlertsPanel(board);
const livePanel = new LivePanel({ panel, alerts, desk: alertDesk() });
const arranging = startArranging(board, { board: live, store });
const places = { socket: url(socketUrl), events: url(eventsUrl), prices: url(pricesUrl) };
const line = startLine(
    { worker: url(workerUrl), places, rate: store.now.rate },
    {
        onMessage(message) {
            live.receive(message);
            alerts.receive(message);
        },
        onLink(link) {
            live.setLink(link);
            alerts.setLink(link);
            noteLoss(link);
        },
    },
);
const pace = watchPace(document, line, store.now.rate);
showPreferences(store, (chosen) => {
    arranging.show(chosen);
    livePanel.open(chosen.panel);
    pace.choose(chosen.rate);
    alerts.setLoudness(chosen.loudness);
    alerts.from = { sound: chosen.sound_from, notes: chosen.notes_from };
});
panel.onSwitch = () => store.change({ panel: !store.now.panel });
alerts.onMessage = (message) => livePanel.receive(message);
alerts.onKnown = ({ newest, thresholds, viewer }) => {
    line.knowAlert(newest);
    line.knowViewer(viewer);
    live.setThresholds(thresholds);
    void store.know(viewer);
};
status.watchRetry(() => line.wake());
startSparks(new SparkDesk(url(sparklinesUrl)), live);
install(installUrl);
