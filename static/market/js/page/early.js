/**
 * What must happen before anything is painted, so a classic script in the head.
 *
 * Light or dark: what the reader chose, else what the system says. A choice that equals the system's is forgotten: the
 * page follows the system again.
 *
 * How the reader wants the board, as far as style sheets decide it: nothing moves afterwards. Where rows will stand
 * elsewhere they are not shown before they do.
 *
 * And the page's own modules: a network that changes while they load leaves a page that never moves, and a browser
 * does not ask for a failed module again. Then the page says that it stands still, and loads itself anew.
 */
{
    const THEME = "pricefeed.theme";
    const BOARD = "pricefeed.board"; // written by live/preference_store.js
    const RELOADS = "pricefeed.reloads";
    const FIRST_RELOAD = 3000; // ms, doubled each time
    const MOST_DOUBLED = 6;

    const root = document.documentElement;
    const prefersDark = matchMedia("(prefers-color-scheme: dark)");

    /**
     * What is stored, or null; a browser may forbid to remember anything.
     * @param {"localStorage" | "sessionStorage"} place
     * @param {string} name
     */
    const recall = (place, name) => {
        try {
            return window[place].getItem(name);
        } catch (error) {
            console.info(`${name} cannot be read:`, error);
            return null;
        }
    };

    /**
     * @param {"localStorage" | "sessionStorage"} place
     * @param {string} name
     * @param {string | null} value
     */
    const remember = (place, name, value) => {
        try {
            if (value) window[place].setItem(name, value);
            else window[place].removeItem(name);
        } catch (error) {
            console.info(`${name} cannot be kept:`, error);
        }
    };

    /** @param {string | null} theme */
    const wear = (theme) => {
        if (theme === "light" || theme === "dark") root.dataset.theme = theme;
        else delete root.dataset.theme;
    };

    const change = () => {
        const system = prefersDark.matches ? "dark" : "light";
        const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
        const choice = next === system ? null : next;
        wear(choice);
        remember("localStorage", THEME, choice);
    };

    const arrange = () => {
        const { density, view, hidden, panel, favourites, order, group } = chosen();
        if (density === "dense") root.dataset.density = density;
        if (view === "compact") root.dataset.view = view;
        if (Array.isArray(hidden)) root.dataset.hide = hidden.join(" ");
        if (panel === true) root.dataset.panel = "";
        if (favourites?.length || order?.length || group) root.dataset.arranging = "";
    };

    /** @returns {any} */
    const chosen = () => {
        try {
            return JSON.parse(recall("localStorage", BOARD) ?? "{}").chosen ?? {};
        } catch (error) {
            console.info("preferences cannot be read:", error);
            return {};
        }
    };

    let reloading = false;
    const reloadLater = () => {
        if (reloading) return;
        reloading = true;
        delete root.dataset.script;
        const reloads = Number(recall("sessionStorage", RELOADS) ?? 0);
        remember("sessionStorage", RELOADS, String(Math.min(reloads + 1, MOST_DOUBLED)));
        setTimeout(() => location.reload(), FIRST_RELOAD * 2 ** reloads * (1 + Math.random()));
    };

    wear(recall("localStorage", THEME));
    arrange();
    root.dataset.script = ""; // what needs a script may show itself, what stands in for it may go
    window.addEventListener("storage", ({ key, newValue }) => key === THEME && wear(newValue));
    window.addEventListener("error", ({ target }) => target instanceof HTMLScriptElement && reloadLater(), true);
    window.addEventListener("load", () => {
        delete root.dataset.arranging; // whatever became of the modules
        if (!reloading) remember("sessionStorage", RELOADS, null);
    });
    document.addEventListener("click", ({ target }) => {
        if (target instanceof Element && target.closest("[data-theme-switch]")) change();
    });
}
