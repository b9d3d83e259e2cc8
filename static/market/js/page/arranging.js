/**
 * Favourites, the reader's own order, and groups: what is clicked, dragged and typed becomes preferences.
 *
 * @import { Preferences } from "../model/preferences.js"
 * @import { PreferenceStore } from "../live/preference_store.js"
 * @import { LiveBoard } from "./live_board.js"
 */
import { ownGroup, toggled } from "../model/arrangement.js";
import { MOST_GROUPS } from "../model/preferences.js";
import { Grips } from "../view/grips.js";
import { Groups } from "../view/groups.js";
import { showStars, watchStars } from "../view/stars.js";

/**
 * @param {HTMLElement} element
 * @param {{ board: LiveBoard, store: PreferenceStore }} parts
 */
export function startArranging(element, { board, store }) {
    const groups = new Groups(element);
    const grips = new Grips(element);
    watchStars(board.body, (key) => store.change({ favourites: toggled(store.now.favourites, key) }));
    watchGroups(groups, store);
    groups.onArrange = () => show(store.now);
    grips.mayStand = (key, other) => store.now.favourites.includes(key) === store.now.favourites.includes(other);
    grips.onMove = (key, place) => store.change({ order: board.keysWith(key, place) });
    grips.onMember = (key) => changeOwn(store, (symbols) => toggled(symbols, key));

    /** @param {Preferences} chosen */
    function show(chosen) {
        const own = groups.isArranging ? ownGroup(chosen) : undefined;
        groups.show(chosen);
        board.arrange(chosen, own !== undefined);
        grips.show(groups.isArranging, own ? new Set(own.symbols) : null);
        showStars(board.body, new Set(chosen.favourites));
        delete document.documentElement.dataset.arranging; // see page/early.js
    }
    return { show };
}

/**
 * @param {Groups} groups
 * @param {PreferenceStore} store
 */
function watchGroups(groups, store) {
    groups.onChoose = (group) => store.change({ group });
    groups.onForgetOrder = () => store.change({ order: [] });
    groups.onAdd = (name) => {
        const { groups: own } = store.now;
        if (!name || own.length >= MOST_GROUPS) return;
        if (!own.some((group) => group.name === name)) store.change({ groups: [...own, { name, symbols: [] }] });
        store.change({ group: `own:${name}` });
    };
    groups.onRename = (name) => {
        const { groups: own } = store.now;
        const shown = ownGroup(store.now);
        if (!name || !shown || own.some((group) => group.name === name)) return;
        store.change({ groups: own.map((group) => (group === shown ? { ...group, name } : group)), group: `own:${name}` });
    };
    groups.onDelete = () => {
        const shown = ownGroup(store.now);
        store.change({ groups: store.now.groups.filter((group) => group !== shown), group: "all" });
    };
}

/**
 * @param {PreferenceStore} store
 * @param {(symbols: readonly string[]) => readonly string[]} change
 */
function changeOwn(store, change) {
    const shown = ownGroup(store.now);
    const groups = store.now.groups.map((group) => (group === shown ? { ...group, symbols: change(group.symbols) } : group));
    store.change({ groups });
}
