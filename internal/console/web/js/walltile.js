// One group on the wall.
import { el, setAttribute, setText } from "./dom.js";
import { Figure, levelWord, percent } from "./figure.js";
import { GroupLevels } from "./level.js";
import { clock } from "./time.js";
import { fill, words } from "./words.js";

const of = words.Figures;

export class Tile {
  constructor() {
    this.levels = new GroupLevels();
    this.worst = -1;
    this.number = el("span", { class: "tile-number" });
    this.name = el("span", { class: "tile-name" });
    this.badge = el("span", { class: "tile-badge" });
    this.waiting = new Figure(of.Waiting, { className: "huge", help: of.HelpWaiting });
    this.longest = new Figure(of.LongestShort, { className: "wide", help: of.HelpLongest });
    this.ready = new Figure(of.Ready, { shape: "ready" });
    this.today = new Figure(of.LevelTodayShort, { unit: "%", className: "past" });
    this.recent = new Figure(of.LevelRecentShort, { unit: "%" });
    this.abandoned = new Figure(of.Abandoned, { help: of.HelpAbandoned });
    this.goal = el("span", { class: "goal" });
    this.small = smallFigures();
    this.element = el("section", { class: "tile" },
      el("h2", {}, this.number, this.name, this.goal, this.badge),
      el("div", { class: "figures now" }, this.waiting.element, this.longest.element, this.ready.element),
      el("div", { class: "figures level" },
        this.today.element, this.recent.element, this.abandoned.element),
      el("div", { class: "small-figures" }, ...Object.values(this.small).map((f) => f.element)));
  }

  /**
   * @param {any} group
   * @param {number} at the server's clock
   */
  show(group, at) {
    const levels = this.levels;
    levels.take(group, at);
    setText(this.number, group.number);
    setText(this.name, group.name && group.name !== group.number ? group.name : "");
    setText(this.goal, fill(of.Goal, group.service_level_goal));
    this.waiting.show(group.waiting, levels.waiting.now);
    this.longest.show(group.waiting_since ? clock(at - group.waiting_since) : null, levels.longest.now);
    this.ready.show(group.agents.ready);
    this.today.show(percent(group.today.service_level), levels.today.now);
    this.recent.show(percent(group.recent.service_level), levels.recent.now);
    this.abandoned.show(group.today.abandoned);
    showSmall(this.small, group);
    this.mark(levels.worst());
  }

  /** @param {number} worst */
  mark(worst) {
    if (worst === this.worst) return;
    this.worst = worst;
    setAttribute(this.element, "data-level", worst ? String(worst) : null);
    this.badge.replaceChildren(...levelWord(worst));
  }
}

function smallFigures() {
  const of = words.Figures;
  return {
    ring: new Figure(of.Ring, { shape: "ring" }),
    talking: new Figure(of.Talking, { shape: "talking" }),
    typing: new Figure(of.WrapUp, { shape: "typing" }),
    busy: new Figure(of.Paused, { shape: "busy" }),
    unavailable: new Figure(of.UnavailableShort, { shape: "unavailable" }),
    loggedIn: new Figure(of.LoggedIn),
    answered: new Figure(of.Answered),
    speed: new Figure(of.SpeedShort, { help: of.HelpSpeed }),
  };
}

/**
 * @param {ReturnType<typeof smallFigures>} small
 * @param {any} group
 */
function showSmall(small, group) {
  const agents = group.agents;
  small.ring.show(agents.ring);
  small.talking.show(agents.talking);
  small.typing.show(agents.typing);
  small.busy.show(agents.busy);
  // Agents who missed an offer or rest get no call either.
  small.unavailable.show(agents.unavailable + agents.noanswer + agents.rest);
  small.loggedIn.show(agents.logged_in);
  small.answered.show(group.today.answered);
  small.speed.show(group.today.asa_ms === null ? null : clock(group.today.asa_ms));
}
