/**
 * The page of a symbol: puts the parts together and starts them.
 */
import { CandleDesk } from "../live/candle_desk.js";
import { ThresholdDesk } from "../live/threshold_desk.js";
import { intervalOf } from "../model/candles.js";
import { ZONE } from "../model/times.js";
import { CandleTable } from "../view/candle_table.js";
import { watchKeys } from "../view/chart_keys.js";
import { watchLook } from "../view/chart_look.js";
import { need } from "../view/element.js";
import { watchButtons, watchIntervals } from "../view/intervals.js";
import { Legend } from "../view/legend.js";
import { Status } from "../view/status.js";
import { showAlerts } from "../view/symbol_alerts.js";
import { ThresholdHandles } from "../view/threshold_handles.js";
import { ThresholdList } from "../view/threshold_list.js";
import { Ticker } from "../view/ticker.js";
import { LiveChart } from "./live_chart.js";
import { LiveSymbol } from "./live_symbol.js";
import { LiveThresholds } from "./live_thresholds.js";
import { watchPace } from "./pace.js";
import { startAlerts } from "./start_alerts.js";
import { makeChart } from "./start_chart.js";
import { startLine } from "./start_line.js";

const TOKEN = /(?:^|;\s*)csrftoken=([^;]+)/;

const page = need(document, "[data-symbol-page]", HTMLElement);
/** @param {string} name of an address in the page's data */
const url = (name) => new URL(page.dataset[name] ?? "", location.href);
/** @param {string} name */
const place = (name) => need(page, `[data-${name}]`, HTMLElement);
const { exchange = "", symbol = "", tick = "", alertPage = "", newest } = page.dataset;
const digits = page.dataset.digits ? Number(page.dataset.digits) : null;

const desk = new CandleDesk({ candles: url("candlesUrl"), alerts: url("alertsUrl") }, { exchange, symbol });
const { chart, looks, wearTones } = makeChart(page, { digits, tick, interval: () => live.interval });
const live = new LiveChart(
    { desk, chart, legend: new Legend(page, looks), table: new CandleTable(page, looks) },
    { note: place("chart-note"), words: place("chart-words"), now: place("chart-now") },
    intervalOf(page.dataset.interval),
);
const thresholds = new LiveThresholds(
    {
        desk: new ThresholdDesk(url("thresholdsUrl"), `${exchange}:${symbol}`, () => TOKEN.exec(document.cookie)?.[1] ?? ""),
        chart,
        handles: new ThresholdHandles(place("handles"), chart, { tick, digits }),
        list: new ThresholdList(page),
    },
    digits,
);
const status = new Status(document, page);
const ticker = new LiveSymbol({ page, ticker: new Ticker(page, digits), status, chart: live });

// The open candle comes over the same connection as the price.
const places = { socket: url("socketUrl"), events: url("eventsUrl"), prices: url("pricesUrl") };
const wantedCandles = () => [`${exchange}:${symbol}@${live.interval}`];
const alerts = startAlerts();
const connection = startLine(
    { worker: url("workerUrl"), places, rate: 0, symbol: `${exchange}:${symbol}`, candles: wantedCandles() },
    {
        onMessage(message) {
            ticker.receive(message);
            alerts.receive(message);
        },
        onLink(link) {
            ticker.setLink(link);
            alerts.setLink(link);
        },
    },
);
connection.knowAlert(Number(newest));
status.watchRetry(() => connection.wake());
watchPace(document, connection, 0);

const readAlerts = () =>
    desk.alerts(new AbortController().signal).then(
        (all) => {
            const mine = all.filter((alert) => alert.exchange === exchange);
            live.setAlerts(mine);
            showAlerts(page, mine, alertPage);
        },
        (error) => console.info("alerts are asked for again:", error),
    );
alerts.onNews = () => void readAlerts();
alerts.onKnown = (known) => {
    connection.knowAlert(known.newest);
    connection.knowViewer(known.viewer);
    void thresholds.read();
};
void readAlerts();

chart.onMark = (id) => location.assign(`${alertPage}${id}/`);
watchIntervals(page, (word) => {
    live.setInterval(intervalOf(word));
    connection.setCandles(wantedCandles());
});
watchButtons(page, { onNewest: () => chart.showNewest(), onFit: () => chart.showAll() });
watchKeys(place("chart"), {
    step: (steps) => live.step(steps),
    zoom: (factor) => chart.zoom(factor),
    newest: () => chart.showNewest(),
    leave: () => live.leave(),
});
watchLook(() => {
    wearTones();
    live.repaint();
    thresholds.repaint();
});
place("zone").textContent = ZONE;
