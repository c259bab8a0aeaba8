// All groups of the wall together. A visit is counted in its group, so these are sums of visits.
import { el } from "./dom.js";
import { Figure, percent } from "./figure.js";
import { clock } from "./time.js";
import { words } from "./words.js";

const of = words.Figures;

export class Total {
  constructor() {
    this.figures = {
      waiting: new Figure(of.Waiting, { className: "huge", help: of.HelpWaiting }),
      longest: new Figure(of.Longest, { className: "wide", help: of.HelpLongest }),
      ready: new Figure(of.Ready, { shape: "ready" }),
      talking: new Figure(of.Talking, { shape: "talking" }),
      loggedIn: new Figure(of.LoggedIn),
      today: new Figure(of.LevelToday, { unit: "%" }),
      recent: new Figure(of.LevelHalfHour, { unit: "%" }),
      answered: new Figure(of.Answered),
      abandoned: new Figure(of.Abandoned, { help: of.HelpAbandoned }),
      speed: new Figure(of.SpeedOfAnswer, { help: of.HelpSpeed }),
    };
    this.element = el("section", { class: "total" }, el("h2", {}, of.AllGroups),
      ...Object.values(this.figures).map((f) => f.element));
  }

  /**
   * @param {any[]} groups
   * @param {Map<string, any>} agents none if the viewer may not see them
   * @param {number} at
   */
  show(groups, agents, at) {
    const f = this.figures;
    const oldest = Math.min(...groups.map((g) => g.waiting_since || Infinity));
    f.waiting.show(sum(groups, (g) => g.waiting));
    f.longest.show(oldest === Infinity ? null : clock(at - oldest));
    this.showAgents([...agents.values()]);
    f.today.show(percent(level(groups, "today")));
    f.recent.show(percent(level(groups, "recent")));
    f.answered.show(sum(groups, (g) => g.today.answered));
    f.abandoned.show(sum(groups, (g) => g.today.abandoned));
    const answered = sum(groups, (g) => g.today.answered);
    f.speed.show(answered ? clock(sum(groups, (g) => g.today.wait_answered_ms) / answered) : null);
  }

  /** @param {any[]} agents An agent of two groups counts once here, so this is no sum of groups. */
  showAgents(agents) {
    const f = this.figures;
    for (const figure of [f.ready, f.talking, f.loggedIn]) figure.element.hidden = agents.length === 0;
    f.ready.show(agents.filter((a) => a.state === "ready").length);
    f.talking.show(agents.filter((a) => a.state === "talking").length);
    f.loggedIn.show(agents.filter((a) => a.state !== "down").length);
  }
}

/**
 * @param {any[]} groups
 * @param {(group: any) => number} value
 */
function sum(groups, value) {
  return groups.reduce((total, group) => total + value(group), 0);
}

/**
 * The service level of all groups: in time, of those that count. The server has counted both, by the
 * formula of each group.
 * @param {any[]} groups
 * @param {"today"|"recent"} span
 */
function level(groups, span) {
  const counted = sum(groups, (g) => g[span].level_of);
  return counted > 0 ? (100 * sum(groups, (g) => g[span].level_in)) / counted : null;
}
