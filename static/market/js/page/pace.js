/**
 * How often the page wants prices: as the reader chose, and seldom while nobody looks at it.
 */

const HIDDEN_RATE = 0.2; // updates per second and symbol
const PATIENCE = 5000; // ms: a page that is hidden for a moment goes on

/**
 * @param {Document} document
 * @param {{ setRate: (rate: number) => void }} subscription
 * @param {number} chosen updates per second and symbol, 0 for each as it comes
 */
export function watchPace(document, subscription, chosen) {
    let timer = 0;
    let rate = chosen;
    const slow = () => subscription.setRate(rate ? Math.min(rate, HIDDEN_RATE) : HIDDEN_RATE);
    const pace = () => {
        clearTimeout(timer);
        if (document.hidden) timer = setTimeout(slow, PATIENCE);
        else subscription.setRate(rate);
    };
    document.addEventListener("visibilitychange", pace);
    pace();
    return {
        /** @param {number} now */
        choose(now) {
            if (now === rate) return;
            rate = now;
            pace();
        },
    };
}
