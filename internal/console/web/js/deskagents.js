// The agents on the desk.
import { agentItems, mayAct } from "./act.js";
import { openMenu } from "./dialog.js";
import { el, setText } from "./dom.js";
import { now } from "./live.js";
import { nameOf, stateNodes, stateNote, states } from "./show.js";
import { Table } from "./table.js";
import { clock } from "./time.js";
import { view } from "./view.js";
import { fill, words } from "./words.js";

const desk = words.Desk;

export class AgentTable {
  constructor() {
    /** @type {Map<string, string>} */
    this.reasonNames = new Map();
    this.table = new Table({
      name: "agents", label: desk.Agents, columns: this.columns(), sort: view.sort("agents", "extension"),
      onSort: (sort) => view.setSort("agents", sort),
      filter: (agent) => this.filter(agent),
      menu: mayAct ? (agent, at) => openMenu(at, agentItems(agent)) : undefined,
      menuLabel: (agent) => fill(desk.Actions, agent.extension),
      empty: (filtered) => (filtered
        ? el("div", { class: "nothing" }, desk.NoMatch)
        : el("div", { class: "nothing" }, el("strong", {}, desk.NoAgents), desk.NoAgentsText)),
    });
  }

  /** @param {any} agent */
  inGroup(agent) {
    const group = view.get("group");
    return !group || agent.groups.includes(group);
  }

  /** @param {any} agent */
  filter(agent) {
    const state = view.get("state");
    const q = view.get("q");
    if (!this.inGroup(agent) || (state && agent.state !== state)) return false;
    return !q || [agent.extension, agent.name, agent.caller, agent.caller_name]
      .some((text) => text && text.toLowerCase().includes(q));
  }

  /** @returns {import("./table.js").Column[]} */
  columns() {
    return [
      { id: "extension", title: desk.Extension, value: (a) => a.extension, show: (cell, a) => setText(cell, a.extension) },
      { id: "name", title: desk.Name, className: "grow", value: (a) => a.name ?? "", show: (cell, a) => setText(cell, a.name ?? "") },
      { id: "state", title: desk.State, className: "state-cell", live: true, value: (a) => states.indexOf(a.state), show: (cell, a) => this.showState(cell, a) },
      {
        id: "since", title: desk.Since, className: "number", live: true, value: (a) => a.since || 0,
        show: (cell, a) => setText(cell, a.since ? clock(now() - a.since) : ""),
      },
      {
        id: "with", title: desk.With, className: "grow", value: (a) => withText(a),
        show: (cell, a) => setText(cell, withText(a)),
      },
      {
        id: "misses", title: desk.MissesRests, className: "number", value: (a) => -(a.misses ?? 0),
        show: (cell, a) => setText(cell, a.misses || ""),
      },
      {
        id: "groups", title: desk.Groups1, className: "groups soft", value: (a) => a.groups.join(" "),
        show: (cell, a) => setText(cell, a.groups.join(" ")),
      },
    ];
  }

  /**
   * @param {Element} cell
   * @param {any} agent
   */
  showState(cell, agent) {
    if (cell.getAttribute("data-state") !== agent.state) {
      cell.setAttribute("data-state", agent.state);
      cell.replaceChildren(el("span", { class: "state s-" + agent.state }, ...stateNodes(agent.state)), el("span", { class: "note" }));
    }
    setText(/** @type {Element} */ (cell.lastElementChild), stateNote(agent, now(), this.reasonNames));
  }
}

/** @param {any} agent */
function withText(agent) {
  if (!agent.call) return "";
  const who = nameOf({ number: agent.caller, name: agent.caller_name, hidden: agent.hidden });
  return agent.call_group ? `${who} (${agent.call_group})` : who;
}
