/**
 * The small charts: asked for once a minute while somebody looks, moved meanwhile by live prices (view/price_row.js).
 *
 * @import { SparkDesk } from "../live/spark_desk.js"
 * @import { LiveBoard } from "./live_board.js"
 */

const ASK = 60 * 1000; // ms
const SPREAD = 0.2; // of that, so that open pages do not ask at once
const LATER = 10 * 1000; // ms until they are asked for again when nobody answered

/**
 * @param {SparkDesk} desk
 * @param {LiveBoard} board
 */
export function startSparks(desk, board) {
    let timer = 0;
    let isDue = false;
    const ask = async () => {
        clearTimeout(timer);
        isDue = document.hidden;
        if (isDue) return; // when it is shown again
        let wait = ASK * (1 + SPREAD * Math.random());
        try {
            const sparks = await desk.ask();
            if (sparks) board.setSparks(sparks.series);
        } catch (error) {
            console.info("sparklines are asked for again:", error);
            wait = LATER;
        }
        clearTimeout(timer);
        timer = setTimeout(() => void ask(), wait);
    };
    document.addEventListener("visibilitychange", () => isDue && !document.hidden && void ask());
    void ask();
}
