/**
 * Puts the parts of live alerts together, the same on every page that has them.
 */
import { AlertDesk } from "../live/alert_desk.js";
import { AlertLink } from "../view/alert_link.js";
import { Chime } from "../view/chime.js";
import { need } from "../view/element.js";
import { Switch } from "../view/switch.js";
import { TitleFlash } from "../view/title_flash.js";
import { Toasts } from "../view/toasts.js";
import { LiveAlerts } from "./live_alerts.js";

const TOKEN = /(?:^|;\s*)csrftoken=([^;]+)/;

/** The CSRF token as it is now. */
export function csrfToken() {
    return TOKEN.exec(document.cookie)?.[1] ?? "";
}

export function alertDesk() {
    const { summaryUrl = "" } = need(document, "[data-toasts]", HTMLElement).dataset;
    return new AlertDesk(new URL(summaryUrl, location.href), csrfToken);
}

export function startAlerts(desk = alertDesk()) {
    const { listUrl = "" } = need(document, "[data-toasts]", HTMLElement).dataset;
    return new LiveAlerts({
        desk,
        toasts: new Toasts(document),
        link: new AlertLink(document),
        chime: new Chime(),
        title: new TitleFlash(document),
        sound: new Switch(document, "sound"),
        notes: new Switch(document, "notes"),
        listUrl,
    });
}
