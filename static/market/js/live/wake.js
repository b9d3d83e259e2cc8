/**
 * The moments at which a page should look whether its connection still stands: it was hidden, frozen, asleep or offline.
 * Sleep itself is noticed by the ladder's own beat.
 *
 * @typedef {object} Sleeper
 * @property {() => void} wake
 * @property {() => void} suspend
 * @property {() => void} resume
 * @property {(offline: boolean) => void} setOffline
 */

/**
 * @param {Window} window
 * @param {Sleeper} sleeper
 */
export function watchPage(window, sleeper) {
    const { document } = window;
    window.addEventListener("offline", () => sleeper.setOffline(true));
    window.addEventListener("online", () => sleeper.setOffline(false));
    window.addEventListener("pagehide", () => sleeper.suspend());
    window.addEventListener("pageshow", ({ persisted }) => persisted && sleeper.resume());
    document.addEventListener("resume", () => sleeper.wake());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sleeper.wake());
}
