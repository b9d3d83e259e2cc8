/**
 * Rows that can be put elsewhere: dragged by a handle, or moved by the keys while the handle has the focus. Where a group
 * of the reader's own is shown each row also has a box that says whether it belongs to it.
 *
 * @typedef {{ other: string, behind: boolean }} Beside a row, and the side of it
 */
import { gettext, interpolate } from "../words.js";
import { need } from "./element.js";

const EDGE = 60; // px from the edge of the window, in which dragging scrolls
const SCROLL = 14; // px per frame

export class Grips {
    #body;
    #announcement;
    /** @type {HTMLTableRowElement | null} */
    #dragged = null;
    #pointerY = 0;
    #pointerX = 0;
    #isOn = false;

    /** A row was put beside another one. */
    onMove = (/** @type {string} */ _key, /** @type {Beside} */ _place) => {};
    /** Whether a row may stand beside another: favourites stay above the rest. */
    mayStand = (/** @type {string} */ _key, /** @type {string} */ _other) => true;
    onMember = (/** @type {string} */ _key) => {};

    /**
     * @param {HTMLElement} board
     */
    constructor(board) {
        this.#body = need(board, "[data-price-table] tbody", HTMLTableSectionElement);
        this.#announcement = need(board, "[data-announce]", HTMLElement);
        this.#body.addEventListener("pointerdown", (event) => this.#grab(event));
        this.#body.addEventListener("pointermove", (event) => this.#drag(event));
        for (const end of ["pointerup", "pointercancel"]) this.#body.addEventListener(end, () => this.#drop());
        this.#body.addEventListener("keydown", (event) => this.#press(event));
        this.#body.addEventListener("change", ({ target }) => {
            if (target instanceof HTMLElement && target.matches("[data-member]")) this.onMember(keyOf(target));
        });
    }

    /**
     * Gives rows their handles, and boxes where `members` are the keys of a group; takes both away when it is over.
     * @param {boolean} isOn
     * @param {ReadonlySet<string> | null} members
     */
    show(isOn, members) {
        if (!isOn && !this.#isOn) return;
        this.#isOn = isOn;
        this.#body.toggleAttribute("data-grips", isOn);
        for (const row of this.#body.rows) this.#dress(row, isOn ? members : null);
    }

    /**
     * @param {HTMLTableRowElement} row
     * @param {ReadonlySet<string> | null} members
     */
    #dress(row, members) {
        const [head] = row.cells;
        const grip = head.querySelector("[data-grip]");
        if (this.#isOn && !grip) head.prepend(makeGrip(nameOf(row)));
        else if (!this.#isOn) grip?.remove();
        const box = head.querySelector("[data-member]");
        if (!members) return box?.remove();
        const shown = box instanceof HTMLInputElement ? box : makeBox(nameOf(row));
        shown.checked = members.has(row.dataset.key ?? "");
        if (!box) head.querySelector("[data-grip]")?.after(shown);
    }

    /**
     * @param {PointerEvent} event
     */
    #grab(event) {
        const grip = gripOf(event.target);
        if (!grip || event.button !== 0) return;
        event.preventDefault();
        grip.focus();
        grip.setPointerCapture(event.pointerId);
        this.#dragged = grip.closest("tr");
        this.#dragged?.setAttribute("data-dragged", "");
        this.#pointerX = event.clientX;
        this.#pointerY = event.clientY;
        requestAnimationFrame(() => this.#scroll());
    }

    /**
     * @param {PointerEvent} event
     */
    #drag({ clientX, clientY }) {
        if (!this.#dragged) return;
        this.#pointerX = clientX;
        this.#pointerY = clientY;
        this.#place(this.#dragged);
    }

    /** @param {HTMLTableRowElement} dragged */
    #place(dragged) {
        const under = document.elementFromPoint(this.#pointerX, this.#pointerY)?.closest("tr");
        if (!under || under === dragged || under.parentElement !== this.#body) return;
        if (!this.mayStand(keyOf(dragged), keyOf(under))) return;
        const isBelow = Boolean(dragged.compareDocumentPosition(under) & Node.DOCUMENT_POSITION_FOLLOWING);
        this.#body.insertBefore(dragged, isBelow ? under.nextElementSibling : under);
    }

    #scroll() {
        if (!this.#dragged) return;
        const below = this.#pointerY - (innerHeight - EDGE);
        const above = this.#pointerY - EDGE - (this.#body.previousElementSibling?.getBoundingClientRect().bottom ?? 0);
        if (below > 0 || above < 0) {
            scrollBy(0, below > 0 ? SCROLL : -SCROLL);
            this.#place(this.#dragged);
        }
        requestAnimationFrame(() => this.#scroll());
    }

    #drop() {
        const row = this.#dragged;
        this.#dragged = null;
        if (!row) return;
        row.removeAttribute("data-dragged");
        this.#tell(row);
        const grip = row.querySelector("[data-grip]");
        if (grip instanceof HTMLElement) grip.focus();
    }

    /**
     * @param {KeyboardEvent} event
     */
    #press(event) {
        const grip = gripOf(event.target);
        const row = grip?.closest("tr");
        if (!grip || !row) return;
        const to = this.#target(row, event.key);
        if (!to) return;
        event.preventDefault();
        const isBelow = Boolean(row.compareDocumentPosition(to) & Node.DOCUMENT_POSITION_FOLLOWING);
        this.#body.insertBefore(row, isBelow ? to.nextElementSibling : to);
        grip.focus();
        row.scrollIntoView({ block: "nearest" });
        this.#tell(row);
    }

    /**
     * The row that `row` changes places with, as far as that may be.
     * @param {HTMLTableRowElement} row
     * @param {string} key
     */
    #target(row, key) {
        const rows = this.#shown.filter((other) => other === row || this.mayStand(keyOf(row), keyOf(other)));
        const at = rows.indexOf(row);
        const places = { ArrowUp: at - 1, ArrowLeft: at - 1, ArrowDown: at + 1, ArrowRight: at + 1, Home: 0, End: rows.length - 1 };
        const to = rows[places[/** @type {keyof typeof places} */ (key)] ?? -1];
        return to === row ? undefined : to;
    }

    get #shown() {
        return [...this.#body.rows].filter(({ hidden }) => !hidden);
    }

    /** @param {HTMLTableRowElement} row where it stands now */
    #tell(row) {
        const rows = this.#shown;
        const at = rows.indexOf(row);
        const other = rows[at - 1] ?? rows[at + 1];
        if (!other) return;
        this.onMove(keyOf(row), { other: keyOf(other), behind: at > 0 });
        const place = { name: nameOf(row), place: at + 1, all: rows.length };
        this.#announcement.textContent = interpolate(gettext("%(name)s is now %(place)s of %(all)s"), place);
    }
}

/**
 * @param {string} name
 */
function makeGrip(name) {
    const grip = document.createElement("button");
    grip.type = "button";
    grip.className = "grip";
    grip.dataset.grip = "";
    grip.setAttribute("aria-label", interpolate(gettext("Move %(name)s"), { name }));
    grip.setAttribute("aria-describedby", "grip-help");
    return grip;
}

/**
 * @param {string} name
 */
function makeBox(name) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "member";
    box.dataset.member = "";
    box.setAttribute("aria-label", interpolate(gettext("%(name)s belongs to this group"), { name }));
    return box;
}

/**
 * @param {EventTarget | null} target
 */
function gripOf(target) {
    const grip = target instanceof Element ? target.closest("[data-grip]") : null;
    return grip instanceof HTMLElement ? grip : null;
}

/**
 * @param {Element} inside
 */
function keyOf(inside) {
    const row = inside.closest("tr");
    return row?.dataset.key ?? "";
}

/**
 * @param {HTMLTableRowElement} row
 */
function nameOf(row) {
    return need(row, ".name", HTMLElement).textContent ?? "";
}
