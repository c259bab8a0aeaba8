// Callers of today who hung up before an answer, and to whom nobody has spoken since.
import { call } from "./api.js";
import { el, setText } from "./dom.js";
import { now, rows } from "./live.js";
import { nameOf } from "./show.js";
import { Table } from "./table.js";
import { clock, date } from "./time.js";
import { view } from "./view.js";
import { words } from "./words.js";

const desk = words.Desk;
const readAfter = 1500; // ms after a change, so that a wave of them is one request

export class AbandonedTable {
  constructor() {
    /** @type {Map<string, any>} */
    this.all = new Map();
    this.counted = "";
    this.known = false;
    this.fault = "";
    /** @type {number|undefined} */
    this.timer = undefined;
    this.table = new Table({
      name: "abandoned", label: desk.AbandonedCallers, columns: columns(), sort: view.sort("abandoned", "when"),
      onSort: (sort) => view.setSort("abandoned", sort),
      filter(one) {
        const group = view.get("group");
        const q = view.get("q");
        return (!group || one.group === group) && (!q || nameOf(one).toLowerCase().includes(q));
      },
      known: () => this.known,
      empty: (filtered) => el("div", { class: "nothing" }, this.fault || (filtered ? desk.NoMatch : desk.NoAbandoned)),
    });
  }

  /**
   * Reads the list again if a caller was answered or gave up.
   * @param {Set<string>|null} changed
   */
  note(changed) {
    if (changed !== null && changed.size === 0) return;
    let counted = "";
    for (const g of rows.all.groups.values()) counted += `${g.number}:${g.today.abandoned}:${g.today.answered} `;
    if (counted === this.counted) return;
    this.counted = counted;
    this.timer ??= setTimeout(() => this.read(), readAfter);
  }

  async read() {
    this.timer = undefined;
    let items = [];
    try {
      const midnight = new Date(now());
      midnight.setHours(0, 0, 0, 0);
      items = (await call("GET", "/abandoned?from=" + midnight.toISOString())).items;
      this.fault = "";
    } catch (fault) {
      this.fault = fault instanceof Error ? fault.message : String(fault);
      this.counted = ""; // the next change tries again
    }
    this.known = true;
    this.all.clear();
    for (const one of items) this.all.set(one.uuid + one.visit, { ...one, number: one.caller, name: one.caller_name, at: Date.parse(one.arrived) });
    this.table.take(null, this.all);
  }
}

/** @returns {import("./table.js").Column[]} */
function columns() {
  return [
    { id: "caller", title: desk.Caller, className: "grow", value: nameOf, show: (cell, one) => setText(cell, nameOf(one)) },
    { id: "group", title: desk.Group, value: (one) => one.group, show: (cell, one) => setText(cell, one.group) },
    { id: "when", title: desk.When, className: "number", value: (one) => -one.at, show: (cell, one) => setText(cell, date(one.at)) },
    {
      id: "waited", title: desk.Waited, className: "number", value: (one) => Date.parse(one.ended) - one.at,
      show: (cell, one) => setText(cell, one.ended ? clock(Date.parse(one.ended) - one.at) : ""),
    },
  ];
}
