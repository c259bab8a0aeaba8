// The groups on the desk. A click on one shows its callers and agents only.
import { groupItems, groupTitle, mayAct } from "./act.js";
import { openMenu } from "./dialog.js";
import { el, icon, setAttribute, setText } from "./dom.js";
import { percent } from "./figure.js";
import { GroupLevels, alert, calm } from "./level.js";
import { now, rows } from "./live.js";
import { Table } from "./table.js";
import { clock } from "./time.js";
import { view } from "./view.js";
import { fill, words } from "./words.js";

const of = words.Figures;
const desk = words.Desk;

/** @param {any} group */
const wait = (group) => (group.waiting_since ? now() - group.waiting_since : -1);

export class GroupTable {
  constructor() {
    /** @type {Map<string, GroupLevels>} */
    this.levels = new Map();
    this.table = new Table({
      name: "groups", label: desk.Groups, columns: this.columns(), sort: view.sort("groups", "number"),
      onSort: (sort) => view.setSort("groups", sort),
      filter: () => true,
      pick: (group) => view.toggle("group", group.number),
      menu: mayAct ? (group, at) => openMenu(at, this.items(group)) : undefined,
      menuLabel: (group) => fill(desk.Actions, group.number),
      mark: (element, group) => setAttribute(element, "aria-selected", view.get("group") === group.number ? "true" : null),
      empty: () => el("div", { class: "nothing" }, el("strong", {}, desk.NoGroups), desk.NoGroupsText),
    });
  }

  /**
   * The menu has what a click does, too, for those who use the keyboard.
   * @param {any} group
   * @returns {import("./dialog.js").Item[]}
   */
  items(group) {
    const only = view.get("group") === group.number;
    return [{ label: only ? desk.ShowAll : desk.ShowOnly, act: () => view.toggle("group", group.number) }, ...groupItems(group)];
  }

  /** @returns {import("./table.js").Column[]} */
  columns() {
    const state = (/** @type {string} */ name, /** @type {string} */ title) => ({
      id: name, title, className: "number", value: (/** @type {any} */ g) => g.agents[name],
      show: (/** @type {Element} */ cell, /** @type {any} */ g) => zeroable(cell, g.agents[name]),
    });
    const level = (/** @type {"today"|"recent"} */ span, /** @type {string} */ title) => ({
      id: span, title, className: "number leveled", help: of.Level + " " + (span === "today" ? of.Today : of.HalfHour),
      value: (/** @type {any} */ g) => g[span].service_level ?? 101,
      show: (/** @type {Element} */ cell, /** @type {any} */ g) => {
        const value = percent(g[span].service_level);
        leveled(cell, value === null ? "–" : value + " %", this.of(g)[span].now);
      },
    });
    return [
      {
        id: "number", title: of.Group, className: "grow", value: (g) => g.number,
        show: (cell, g) => setText(cell, groupTitle(g)),
      },
      {
        id: "waiting", title: of.Waiting, className: "number strong leveled", help: of.HelpWaiting, value: (g) => -g.waiting,
        show: (cell, g) => { leveled(cell, g.waiting, this.of(g).waiting.now); cell.classList.toggle("zero", !g.waiting); },
      },
      {
        id: "longest", title: of.LongestShort, className: "number leveled", live: true, help: of.HelpLongest, value: (g) => -wait(g),
        show: (cell, g) => leveled(cell, g.waiting_since ? clock(wait(g)) : "–", this.of(g).longest.now),
      },
      state("ready", of.Ready), state("ring", of.Ring), state("talking", of.Talking), state("typing", of.WrapUp), state("busy", of.Paused),
      level("today", of.LevelTodayShort), level("recent", of.LevelRecentShort),
      {
        id: "abandoned", title: of.Abandoned, className: "number", help: of.HelpAbandoned, value: (g) => -g.today.abandoned,
        show: (cell, g) => zeroable(cell, g.today.abandoned),
      },
    ];
  }

  /**
   * The levels of a group, by its figures as they are now.
   * @param {any} group
   */
  of(group) {
    let levels = this.levels.get(group.number);
    if (!levels) this.levels.set(group.number, (levels = new GroupLevels()));
    levels.take(group, now());
    return levels;
  }

  second() {
    this.table.take(null, rows.all.groups); // levels fall with the time, too
  }
}

/**
 * @param {Element} cell
 * @param {number} value
 */
function zeroable(cell, value) {
  setText(cell, value);
  cell.classList.toggle("zero", value === 0);
}

/**
 * A value with the shape and the word of its level.
 * @param {Element} cell
 * @param {string|number} value
 * @param {number} level
 */
function leveled(cell, value, level) {
  const known = cell.getAttribute("data-level") ?? "";
  const wanted = level === calm ? "" : String(level);
  if (!cell.firstElementChild) cell.append(el("span", { class: "mark-level" }), el("span", {}));
  setText(/** @type {Element} */ (cell.lastElementChild), value);
  if (known === wanted) return;
  setAttribute(cell, "data-level", wanted || null);
  const word = level === alert ? words.Wall.Alert : words.Wall.Warning;
  const mark = /** @type {Element} */ (cell.firstElementChild);
  if (wanted) mark.replaceChildren(icon(level === alert ? "alert" : "warning"), el("span", { class: "unseen" }, word));
  else mark.replaceChildren();
}
