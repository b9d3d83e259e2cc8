/**
 * What the reader chose: from this browser at once, from their account when the server says who it is.
 *
 * @import { PreferenceStore } from "../live/preference_store.js"
 * @import { Preferences } from "../model/preferences.js"
 */
import { PreferenceDesk } from "../live/preference_desk.js";
import { PLACE, PreferenceStore as Store } from "../live/preference_store.js";
import { Settings } from "../view/settings.js";
import { browserClock } from "./ladder.js";
import { csrfToken } from "./start_alerts.js";

/**
 * @param {URL} url of the account's preferences
 */
export function startPreferences(url) {
    const store = new Store({ storage: browserStorage(), desk: new PreferenceDesk(url, csrfToken), clock: browserClock });
    window.addEventListener("storage", ({ key }) => key === PLACE && store.reread());
    return store;
}

/**
 * @param {PreferenceStore} store
 * @param {(chosen: Preferences) => void} wear what else depends on them
 */
export function showPreferences(store, wear) {
    const settings = new Settings(document);
    const show = (/** @type {Preferences} */ chosen) => {
        settings.show(chosen, store.hasAccount ? "account" : "device");
        wear(chosen);
    };
    settings.onChange = (chosen) => store.change(chosen);
    settings.onReset = () => store.reset();
    store.onChange = show;
    store.onTrouble = (error) => {
        console.info("the account's preferences cannot be reached:", error);
        settings.show(store.now, "trouble");
    };
    show(store.now);
}

/** Asking for `localStorage` throws where a browser forbids it; each question is caught where it is asked. */
function browserStorage() {
    return {
        getItem: (/** @type {string} */ name) => localStorage.getItem(name),
        setItem: (/** @type {string} */ name, /** @type {string} */ value) => localStorage.setItem(name, value),
        removeItem: (/** @type {string} */ name) => localStorage.removeItem(name),
    };
}
