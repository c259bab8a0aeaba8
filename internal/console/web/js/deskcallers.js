// The callers whom no agent has answered yet.
import { callItems, mayAct } from "./act.js";
import { openMenu } from "./dialog.js";
import { el, icon, setText } from "./dom.js";
import { now, rows } from "./live.js";
import { nameOf } from "./show.js";
import { Table } from "./table.js";
import { clock } from "./time.js";
import { view } from "./view.js";
import { fill, words } from "./words.js";

const desk = words.Desk;
const waiting = ["greet", "wait", "ring"];

export class CallerTable {
  constructor() {
    /** @type {Map<string, any>} */
    this.waiting = new Map();
    this.table = new Table({
      name: "callers", label: desk.Callers, columns: columns(), sort: view.sort("callers", "wait"),
      onSort: (sort) => view.setSort("callers", sort),
      filter, menu: mayAct ? (one, at) => openMenu(at, callItems(one)) : undefined,
      menuLabel: (one) => fill(desk.Actions, nameOf(one)),
      mark: (element, one) => element.classList.toggle("vip", one.vip),
      empty: (filtered) => el("div", { class: "nothing" }, filtered ? desk.NoMatch : desk.NoCallers),
    });
  }

  /** @param {Set<string>|null} changed */
  take(changed) {
    const source = rows.all.calls;
    if (changed === null) this.waiting.clear();
    for (const key of changed ?? source.keys()) {
      const one = source.get(key);
      if (one && waiting.includes(one.state)) this.waiting.set(key, one);
      else this.waiting.delete(key);
    }
    this.table.take(changed, this.waiting);
    if (changed === null || changed.size > 0) this.number();
  }

  /** Each caller has the place that the order of service gives: VIPs first, then the earliest. */
  number() {
    /** @type {Map<string, any[]>} */
    const lines = new Map();
    for (const one of this.waiting.values()) {
      if (!lines.has(one.group)) lines.set(one.group, []);
      lines.get(one.group)?.push(one);
    }
    for (const line of lines.values()) {
      line.sort((a, b) => Number(b.vip) - Number(a.vip) || a.place - b.place);
      line.forEach((one, i) => {
        const entry = this.table.entries.get(one.uuid);
        if (entry) setText(entry.cells[0], i + 1);
        this.table.widen(0, String(i + 1));
      });
    }
  }
}

/** @param {any} one */
function filter(one) {
  const group = view.get("group");
  const q = view.get("q");
  return (!group || one.group === group) && (!q || nameOf(one).toLowerCase().includes(q));
}

/** @returns {import("./table.js").Column[]} */
function columns() {
  return [
    { id: "place", title: "#", className: "number soft", help: desk.Place, show() {} },
    {
      id: "caller", title: desk.Caller, className: "grow", value: nameOf,
      show(cell, one) {
        if (!cell.firstElementChild) cell.append(el("span", { class: "vip-mark", title: desk.VIP }, icon("star"), el("span", {}, desk.VIP)), el("span", {}));
        setText(/** @type {Element} */ (cell.lastElementChild), nameOf(one));
      },
    },
    { id: "group", title: desk.Group, value: (one) => one.group, show: (cell, one) => setText(cell, one.group) },
    {
      id: "state", title: desk.Phase, value: (one) => one.state,
      show: (cell, one) => setText(cell, (words.Phases[one.state] ?? one.state) + (one.state === "ring" && one.agent ? " · " + one.agent : "")),
    },
    {
      id: "wait", title: desk.Wait, className: "number strong", live: true, value: (one) => one.since,
      show: (cell, one) => setText(cell, clock(now() - one.since)),
    },
  ];
}
