// How states, callers and reasons are shown.
import { el, icon } from "./dom.js";
import { clock } from "./time.js";
import { fill, words } from "./words.js";

/** The states in the order in which they matter to a supervisor. */
export const states = ["ready", "ring", "talking", "typing", "busy", "noanswer", "rest", "unavailable", "down"];

/**
 * Name and number of a caller.
 * @param {any} one
 */
export function nameOf(one) {
  if (one.hidden) return words.Desk.Hidden;
  return [one.name, one.number].filter(Boolean).join(" · ") || words.Desk.Anonymous;
}

/**
 * A state as a shape and a word.
 * @param {string} state
 */
export function stateNodes(state) {
  return [icon(state, "s-" + state), el("span", {}, words.States[state] ?? state)];
}

/**
 * What is to be said of an agent's state beside its word.
 * @param {any} agent
 * @param {number} at the server's clock
 * @param {Map<string, string>} names of the reasons for a pause
 */
export function stateNote(agent, at, names) {
  const desk = words.Desk;
  if (agent.deferred) return agent.deferred === "logout" ? desk.DeferredLogout : desk.DeferredBusy;
  switch (agent.state) {
    case "busy":
      if (agent.reason === "supervisor") return desk.BySupervisor;
      return agent.reason ? names.get(agent.reason) ?? agent.reason : "";
    case "typing":
      return agent.wrap_until ? fill(desk.WrapLeft, clock(agent.wrap_until - at + 999)) : "";
    case "rest":
      return fill(desk.RestUntil, words.Causes[agent.rest_cause] ?? "", clock(agent.rest_until - at));
    case "unavailable":
      if (agent.outside) return desk.OutsideCall;
      if (agent.locked) return desk.Locked;
      if (agent.dnd) return desk.DND;
      return agent.registered ? "" : desk.NoPhone;
  }
  return "";
}
