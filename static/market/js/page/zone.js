/**
 * Tells the server the zone of this browser, for the pages of the admin. A classic script: it needs nothing else.
 *
 * The page that is shown stays as it is, as somebody may be typing into it; its form carries the zone that it is in.
 */
{
    const NAME = "pricefeed_zone"; // read by market/zone.py
    const YEAR = 365 * 24 * 3600; // s

    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const cookie = `${NAME}=${timeZone}`;
    if (timeZone && !document.cookie.split("; ").includes(cookie)) {
        const path = document.currentScript?.dataset.path ?? "/";
        const secure = location.protocol === "https:" ? "; Secure" : "";
        document.cookie = `${cookie}; Path=${path}; Max-Age=${YEAR}; SameSite=Lax${secure}`;
    }
}
