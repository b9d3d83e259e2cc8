/**
 * Light or dark: what the reader chose, else what the system says. A classic script in the head, so that the page is
 * never painted in the wrong one. A choice that equals the system's is forgotten: the page follows the system again.
 */
{
    const STORED = "pricefeed.theme";
    const root = document.documentElement;
    const prefersDark = matchMedia("(prefers-color-scheme: dark)");

    /** What was chosen, or null; a browser may forbid to remember anything. */
    const recall = () => {
        try {
            return localStorage.getItem(STORED);
        } catch (error) {
            console.info("the choice of colours cannot be read", error);
            return null;
        }
    };

    /** @param {string | null} theme */
    const remember = (theme) => {
        try {
            if (theme) localStorage.setItem(STORED, theme);
            else localStorage.removeItem(STORED);
        } catch (error) {
            console.info("the choice of colours cannot be kept", error);
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
        remember(choice);
    };

    wear(recall());
    root.dataset.script = ""; // what needs a script may show itself, what stands in for it may go
    window.addEventListener("storage", ({ key, newValue }) => key === STORED && wear(newValue));
    document.addEventListener("click", ({ target }) => {
        if (target instanceof Element && target.closest("[data-theme-switch]")) change();
    });
}
