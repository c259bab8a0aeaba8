// The caller of the agent's offer or talk, with the earlier calls of the number.
import { call } from "./api.js";
import { el, icon, setText } from "./dom.js";
import { now, rows } from "./live.js";
import { clock, date } from "./time.js";
import { fill, words } from "./words.js";

const page = words.AgentPage;

export class CallerCard {
  constructor() {
    this.uuid = "";
    this.title = el("h2", {});
    this.name = el("p", { class: "caller-name" });
    this.number = el("p", { class: "caller-number" });
    this.facts = el("p", { class: "caller-facts soft" });
    this.timer = el("p", { class: "caller-timer" });
    this.vip = el("span", { class: "vip-badge", hidden: true }, icon("star"), words.Desk.VIP);
    this.earlier = el("div", { class: "earlier" });
    this.none = el("div", { class: "nothing", hidden: true }, el("strong", {}, page.NoCall), el("span", {}));
    this.some = el("div", { class: "caller", hidden: true },
      el("div", { class: "caller-top" }, this.title, this.timer), this.number, this.name, this.facts, this.vip,
      el("h3", {}, page.EarlierCalls), this.earlier);
    this.element = el("section", { class: "card-wide caller-card", "aria-live": "polite" }, this.none, this.some);
  }

  /**
   * @param {any} agent
   * @param {any} one the call, undefined if it is not on the floor
   */
  show(agent, one) {
    this.agent = agent;
    const has = Boolean(agent?.call);
    const was = !has && agent?.state === "typing" && Boolean(this.uuid); // wrap-up is about that caller
    this.none.hidden = has || was;
    this.some.hidden = !has && !was;
    if (was) {
      setText(this.title, page.LastCaller);
      setText(this.timer, "");
      this.some.dataset.state = agent.state;
      return;
    }
    setText(/** @type {Element} */ (this.none.lastElementChild), agent?.state === "ready" ? page.NoCallReady : page.NoCallOther);
    if (!has) {
      this.uuid = "";
      return;
    }
    setText(this.title, agent.state === "ring" ? page.CallRings : page.TalkTo);
    setText(this.number, agent.caller || one?.number || words.Desk.Anonymous);
    setText(this.name, agent.caller_name || one?.name || "");
    const group = rows.all.groups.get(agent.call_group);
    const waited = one?.talk_since ? fill(page.WaitedFor, clock(one.talk_since - one.since)) : "";
    const named = group?.name && group.name !== group.number ? `${group.number} ${group.name}` : agent.call_group;
    setText(this.facts, [named, waited].filter(Boolean).join(" · "));
    this.vip.hidden = !one?.vip;
    this.some.dataset.state = agent.state;
    this.second();
    if (this.uuid !== agent.call) {
      this.uuid = agent.call;
      this.read(agent.call, agent.caller || one?.number || "");
    }
  }

  second() {
    if (this.agent?.call) setText(this.timer, this.agent.since ? clock(now() - this.agent.since) : "");
  }

  /**
   * Reads the earlier calls of the caller.
   * @param {string} uuid
   * @param {string} number "" = it was withheld
   */
  async read(uuid, number) {
    this.earlier.replaceChildren();
    let items = [];
    try {
      if (number) items = (await call("GET", "/cdrs?" + new URLSearchParams({ caller: number, limit: "6" }))).items;
    } catch {
      return; // the call may be over; the next one asks again
    }
    if (uuid !== this.uuid) return;
    if (items.length === 0) {
      this.earlier.append(el("p", { class: "soft" }, page.NoEarlier));
      return;
    }
    this.earlier.append(el("table", {}, el("thead", {}, el("tr", {},
      el("th", {}, page.Date), el("th", {}, words.Desk.Group), el("th", {}, page.Outcome))),
    el("tbody", {}, ...items.map((/** @type {any} */ c) => el("tr", {},
      el("td", {}, date(Date.parse(c.arrived))), el("td", {}, c.group),
      el("td", {}, words.Outcomes[c.outcome] ?? c.outcome))))));
  }
}
