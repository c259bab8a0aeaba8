// A table of live rows: each has a key, and only what changed is written. Rows beyond the edge of the
// screen cost no layout (content-visibility), and their clocks stand still. The browser lays out the
// row of headings, which has the longest text of each column, too. The others have its widths.
import { el, icon, setAttribute, setText } from "./dom.js";
import { begun } from "./live.js";
import { fill, words } from "./words.js";

const sortPause = 1000; // ms between two sorts because of changed values

/**
 * @typedef {{
 *   id: string, title: string, live?: boolean, className?: string, help?: string,
 *   value?: (row: any) => string|number, show: (cell: Element, row: any) => void,
 * }} Column live = it shows a time that runs; value = what it is sorted by
 * @typedef {{row: any, element: HTMLElement, cells: Element[]}} Entry
 * @typedef {{column: string, down: boolean}} Sort
 */

const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

export class Table {
  /**
   * @param {{
   *   name: string, columns: Column[], sort: Sort, onSort: (sort: Sort) => void,
   *   filter: (row: any) => boolean, menu?: (row: any, at: Element) => void, label: string,
   *   menuLabel?: (row: any) => string, onCount?: (shown: number, all: number) => void,
   *   empty: (filtered: boolean) => Node, mark?: (element: Element, row: any) => void,
   *   pick?: (row: any) => void, known?: () => boolean,
   * }} of known = whether the rows have been read; without it, whether the stream has begun
   */
  constructor(of) {
    this.of = of;
    this.sort = of.sort;
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {Entry[]} */
    this.order = [];
    this.sortedAt = 0;
    /** Below each heading, unseen. */
    this.longest = of.columns.map(() => el("span", { class: "longest", "aria-hidden": "true" }));
    this.body = el("div", { class: "rows", role: "rowgroup" });
    this.nothing = el("div", { hidden: true });
    this.head = el("div", { class: "row head", role: "row" }, ...of.columns.map((c, i) => this.heading(c, i)),
      of.menu ? el("span", { class: "cell menu" }) : null);
    this.scroll = el("div", { class: "scroll" }, this.head, this.body, this.nothing);
    this.element = el("div", { class: "table t-" + of.name, role: "grid", "aria-label": of.label }, this.scroll);
    const observer = new ResizeObserver(() => this.align());
    for (const heading of this.head.children) observer.observe(heading);
    this.body.addEventListener("click", (event) => this.onClick(event));
    this.body.addEventListener("contextmenu", (event) => this.onClick(event));
    this.body.addEventListener("keydown", (event) => this.onKey(event));
  }

  /**
   * @param {Column} column
   * @param {number} i
   */
  heading(column, i) {
    const label = column.value
      ? el("button", { type: "button", class: "sort", title: column.help ?? fill(words.Desk.Sort, column.title),
        onclick: () => this.sortBy(column.id) }, column.title)
      : el("span", { title: column.help }, column.title);
    return el("span", { class: "cell " + (column.className ?? ""), role: "columnheader", "data-column": column.id },
      label, this.longest[i]);
  }

  /** Gives the rows the columns of the headings that are shown. */
  align() {
    const widths = [...this.head.children].map((heading) => heading.getBoundingClientRect().width);
    this.element.style.setProperty("--columns", widths.filter((width) => width > 0).map((width) => width + "px").join(" "));
  }

  /**
   * @param {Entry} entry
   * @param {number} i the column
   */
  show(entry, i) {
    const cell = entry.cells[i];
    this.of.columns[i].show(cell, entry.row);
    this.widen(i, (cell.lastElementChild ?? cell).textContent ?? "");
  }

  /**
   * @param {number} i the column
   * @param {string} text that is in it
   */
  widen(i, text) {
    if (text.length > (this.longest[i].textContent ?? "").length) setText(this.longest[i], text);
  }

  /** @param {string} id */
  sortBy(id) {
    this.sort = { column: id, down: this.sort.column === id ? !this.sort.down : false };
    this.of.onSort(this.sort);
    this.place();
  }

  /**
   * Takes the rows that changed.
   * @param {Set<string>|null} changed null = all
   * @param {Map<string, any>} source
   */
  take(changed, source) {
    let moved = changed === null;
    for (const key of changed ?? new Set([...source.keys(), ...this.entries.keys()])) {
      const row = source.get(key);
      const entry = this.entries.get(key);
      if (!row) {
        moved = this.entries.delete(key) || moved;
      } else if (!entry) {
        this.entries.set(key, this.make(row));
        moved = true;
      } else {
        const before = this.of.filter(entry.row);
        entry.row = row;
        this.write(entry);
        moved = moved || before !== this.of.filter(row);
      }
    }
    if (moved || performance.now() - this.sortedAt > sortPause) this.place();
  }

  /** @param {any} row */
  make(row) {
    const cells = this.of.columns.map((c) => el("span", { class: "cell " + (c.className ?? ""), role: "gridcell" }));
    const more = this.of.menu && el("span", { class: "cell menu", role: "gridcell" },
      el("button", { type: "button", class: "quiet icon", tabindex: "-1", "aria-haspopup": "menu",
        "aria-label": this.of.menuLabel?.(row) }, icon("more")));
    const element = el("div", { class: "row", role: "row", tabindex: "-1" }, ...cells, more);
    const entry = { row, element, cells };
    /** @type {any} */ (element).entry = entry;
    this.write(entry);
    return entry;
  }

  /** @param {Entry} entry */
  write(entry) {
    this.of.columns.forEach((_, i) => this.show(entry, i));
    this.of.mark?.(entry.element, entry.row);
  }

  /** Writes the clocks of the rows on the screen. */
  second() {
    const height = this.body.firstElementChild?.clientHeight || 34;
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / height) - 2);
    const last = first + Math.ceil(this.scroll.clientHeight / height) + 4;
    for (const entry of this.order.slice(first, last)) {
      this.of.columns.forEach((column, i) => column.live && this.show(entry, i));
      this.of.mark?.(entry.element, entry.row);
    }
  }

  /** Filters and sorts the rows, and moves those that are not at their place. */
  place() {
    this.sortedAt = performance.now();
    const column = this.of.columns.find((c) => c.id === this.sort.column) ?? this.of.columns[0];
    const value = column.value ?? (() => 0);
    const sign = this.sort.down ? -1 : 1;
    const keyed = [];
    for (const [key, entry] of this.entries) {
      if (this.of.filter(entry.row)) keyed.push({ key, entry, value: value(entry.row) });
    }
    keyed.sort((a, b) => sign * compare(a.value, b.value) || collator.compare(a.key, b.key));
    this.order = keyed.map((k) => k.entry);
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    this.move();
    if (focused && document.activeElement !== focused && focused.isConnected) {
      /** @type {HTMLElement} */ (focused).focus({ preventScroll: true });
    }
    this.finish();
  }

  move() {
    let at = this.body.firstElementChild;
    for (const { element } of this.order) {
      if (element === at) {
        at = at.nextElementSibling;
      } else if (at && at.nextElementSibling === element) {
        at.remove(); // it comes later, or not at all
        at = element.nextElementSibling;
      } else {
        this.body.insertBefore(element, at);
      }
    }
    while (at) {
      const next = at.nextElementSibling;
      at.remove();
      at = next;
    }
  }

  finish() {
    for (const heading of this.head.querySelectorAll("[data-column]")) {
      const sorted = heading.getAttribute("data-column") === this.sort.column;
      setAttribute(heading, "aria-sort", sorted ? (this.sort.down ? "descending" : "ascending") : null);
    }
    if (!this.body.querySelector(':scope > [tabindex="0"]')) this.body.firstElementChild?.setAttribute("tabindex", "0");
    const known = this.of.known?.() ?? begun;
    if (known) this.of.onCount?.(this.order.length, this.entries.size);
    this.nothing.hidden = this.order.length > 0 || !known;
    if (!this.nothing.hidden) this.nothing.replaceChildren(this.of.empty(this.entries.size > 0));
  }

  /** @param {Event} event */
  onClick(event) {
    const target = /** @type {Element} */ (event.target);
    const row = target.closest(".row");
    if (!row) return;
    this.focus(row);
    const button = target.closest(".menu button");
    if (this.of.menu && (button || event.type === "contextmenu")) {
      event.preventDefault();
      this.of.menu(/** @type {any} */ (row).entry.row, button ?? row.querySelector(".menu button") ?? row);
    } else if (event.type === "click" && !target.closest("a")) {
      this.of.pick?.(/** @type {any} */ (row).entry.row);
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const row = /** @type {Element} */ (event.target).closest(".row");
    if (!row) return;
    /** @type {Record<string, Element|null>} */
    const to = {
      ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling,
      Home: this.body.firstElementChild, End: this.body.lastElementChild,
    };
    if (event.key in to) {
      event.preventDefault();
      if (to[event.key]) this.focus(to[event.key]);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const { row: data } = /** @type {any} */ (row).entry;
      if (this.of.menu) this.of.menu(data, row.querySelector(".menu button") ?? row);
      else this.of.pick?.(data);
    }
  }

  /** @param {Element|null} row */
  focus(row) {
    this.body.querySelector(':scope > [tabindex="0"]')?.setAttribute("tabindex", "-1");
    row?.setAttribute("tabindex", "0");
    /** @type {HTMLElement|null} */ (row)?.focus();
  }
}

/**
 * @param {string|number} a
 * @param {string|number} b
 */
function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return collator.compare(String(a), String(b));
}
