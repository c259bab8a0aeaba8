// The supervisor's desk: groups, waiting callers, agents, and callers to call back.
import "./look.js";
import { reasons } from "./act.js";
import { AbandonedTable } from "./deskabandoned.js";
import { AgentTable } from "./deskagents.js";
import { CallerTable } from "./deskcallers.js";
import { GroupTable } from "./deskgroups.js";
import { byID, el, setAttribute, setText } from "./dom.js";
import { follow, rows } from "./live.js";
import { toLogin } from "./session.js";
import { states, stateNodes } from "./show.js";
import { view } from "./view.js";
import { fill, words } from "./words.js";

const desk = words.Desk;
const title = document.title;

const groups = new GroupTable();
const callers = new CallerTable();
const agents = new AgentTable();
const abandoned = new AbandonedTable();

const search = el("input", {
  type: "search", placeholder: desk.Search, "aria-label": desk.Search, value: view.get("q"),
  oninput: () => view.set("q", search.value.trim().toLowerCase()),
});
const clear = el("button", { type: "button", class: "quiet", onclick: () => view.clear() }, desk.Clear);
const chips = el("div", { class: "chips", role: "group", "aria-label": desk.State });
const tabs = el("div", { class: "tabs", role: "tablist" });

/** @type {Record<string, HTMLElement>} */
const chipOf = Object.fromEntries(states.map((state) => {
  const count = el("b", {});
  const chip = el("button", { type: "button", class: "chip", onclick: () => view.toggle("state", state) },
    ...stateNodes(state), count);
  return [state, chip];
}));
chips.append(...Object.values(chipOf));

/** @type {Record<string, {tab: HTMLElement, count: HTMLElement, panel: HTMLElement}>} */
const panels = {
  waiting: tabOf("waiting", desk.Callers, callers.table.element),
  abandoned: tabOf("abandoned", desk.AbandonedCallers, abandoned.table.element),
};
panels.abandoned.tab.title = desk.HelpAbandoned;

/**
 * @param {string} id
 * @param {string} label
 * @param {HTMLElement} table
 */
function tabOf(id, label, table) {
  const count = el("b", {});
  const tab = el("button", {
    type: "button", role: "tab", id: "tab-" + id, "aria-controls": "panel-" + id, onclick: () => view.set("tab", id === "waiting" ? "" : id),
  }, label, count);
  const panel = el("div", { id: "panel-" + id, role: "tabpanel", "aria-labelledby": "tab-" + id, class: "fill" }, table);
  return { tab, count, panel };
}

tabs.append(panels.waiting.tab, panels.abandoned.tab);
const groupCount = el("span", { class: "soft" });
const agentCount = el("span", { class: "soft" });
byID("desk").append(
  el("section", { class: "panel p-groups" }, el("header", {}, el("h2", {}, desk.Groups), groupCount, clear), groups.table.element),
  el("section", { class: "panel p-callers" }, el("header", {}, tabs), panels.waiting.panel, panels.abandoned.panel),
  el("section", { class: "panel p-agents" }, el("header", {}, el("h2", {}, desk.Agents), agentCount, search), chips, agents.table.element),
);

groups.table.of.onCount = (shown, all) => setText(groupCount, shown === all ? String(all) : fill(desk.Shown, shown, all));
agents.table.of.onCount = (shown, all) => setText(agentCount, shown === all ? String(all) : fill(desk.Shown, shown, all));
abandoned.table.of.onCount = (shown) => setText(panels.abandoned.count, shown || "");
callers.table.of.onCount = (shown) => setText(panels.waiting.count, shown);

function showView() {
  const tab = view.get("tab") === "abandoned" ? "abandoned" : "waiting";
  for (const [id, { tab: button, panel }] of Object.entries(panels)) {
    setAttribute(button, "aria-selected", String(id === tab));
    panel.hidden = id !== tab;
  }
  for (const state of states) setAttribute(chipOf[state], "aria-pressed", String(view.get("state") === state));
  clear.hidden = !view.get("q") && !view.get("group") && !view.get("state");
  if (!view.get("q")) search.value = "";
  for (const table of [groups.table, callers.table, agents.table, abandoned.table]) table.place();
}

function count() {
  /** @type {Record<string, number>} */
  const counted = {};
  for (const agent of rows.all.agents.values()) {
    if (agents.inGroup(agent)) counted[agent.state] = (counted[agent.state] ?? 0) + 1;
  }
  for (const state of states) {
    const number = /** @type {Element} */ (chipOf[state].lastElementChild);
    setText(number, counted[state] ?? 0);
    chipOf[state].classList.toggle("zero", !counted[state]);
  }
  let waiting = 0;
  for (const group of rows.all.groups.values()) waiting += group.waiting;
  const shown = waiting ? `(${waiting}) ${title}` : title;
  if (document.title !== shown) document.title = shown;
}

view.onChange = () => {
  showView();
  count();
};

follow({
  onRows(changed) {
    groups.table.take(changed.groups, rows.all.groups);
    callers.take(changed.calls);
    agents.table.take(changed.agents, rows.all.agents);
    abandoned.note(changed.groups);
    count();
  },
  onSecond() {
    groups.second();
    callers.table.second();
    agents.table.second();
  },
  onOut: toLogin,
});
showView();
reasons().then((all) => {
  for (const reason of all) agents.reasonNames.set(reason.code, reason.name || reason.code);
  agents.table.take(null, rows.all.agents);
});
