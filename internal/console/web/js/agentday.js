// The agent's own figures of today.
import { call } from "./api.js";
import { el } from "./dom.js";
import { now } from "./live.js";
import { clock } from "./time.js";
import { words } from "./words.js";

const page = words.AgentPage;
const readAfter = 2000; // ms after a change of the own state: then the records are written

export class DayCard {
  /** @param {string} extension */
  constructor(extension) {
    this.extension = extension;
    this.known = "";
    /** @type {number|undefined} */
    this.timer = undefined;
    this.figures = el("div", { class: "day" });
    this.element = el("section", { class: "card-wide" }, el("h2", {}, page.Today), this.figures);
  }

  /** @param {any} agent Reads the figures again if the agent's state has changed. */
  note(agent) {
    const known = agent ? agent.state + agent.since : "";
    if (!known || known === this.known) return;
    this.known = known;
    this.timer ??= setTimeout(() => this.read(), readAfter);
  }

  async read() {
    this.timer = undefined;
    try {
      const midnight = new Date(now());
      midnight.setHours(0, 0, 0, 0);
      const q = new URLSearchParams({ by: "agent", step: "day", from: midnight.toISOString() });
      q.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
      const { totals } = await call("GET", "/reports?" + q);
      this.show(totals.find((/** @type {any} */ row) => row.extension === this.extension));
    } catch {
      // The next change of the state tries again.
    }
  }

  /** @param {any} f */
  show(f) {
    if (!f || typeof f.answered !== "number") {
      this.figures.replaceChildren(el("p", { class: "soft" }, page.NoToday));
      return;
    }
    /** @type {[string, string|number][]} */
    const shown = [
      [page.Answered, f.answered], [page.Misses, f.misses], [page.TalkTime, clock(f.talk_seconds * 1000)],
      [words.Figures.WrapUp, clock(f.wrap_up_seconds * 1000)], [page.ReadyTime, clock(f.ready_seconds * 1000)],
      [page.PausedTime, clock(f.paused_seconds * 1000)],
    ];
    this.figures.replaceChildren(...shown.map(([label, value]) => el("div", {}, el("span", { class: "soft" }, label), el("b", {}, value))));
  }
}
