// The figures of reports, in the order of the table, and how each is shown.
import { clock } from "./time.js";
import { words } from "./words.js";

export const callFigures = [
  "offered", "answered", "answered_in", "abandoned", "abandoned_in", "abandoned_short", "service_level", "asa_seconds",
  "time_to_abandon_seconds", "longest_wait_seconds", "aht_seconds", "talks", "talk_seconds", "hold_seconds", "wrap_up_seconds",
  "left", "refused",
];

export const agentFigures = [
  "logged_in_seconds", "ready_seconds", "ring_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds", "outbound_seconds",
  "paused_seconds", "missed_seconds", "rest_seconds", "unavailable_seconds", "offers", "answered", "misses", "withdrawn",
  "aht_seconds", "occupancy",
];

/**
 * Some figures mean another thing for agents than for groups.
 * @param {string} key
 * @param {string} by
 */
const textOf = (key, by) => (by === "agent" && words.ReportFigures["agent_" + key]) || words.ReportFigures[key];

/**
 * @param {string} key
 * @param {string} [by] group or agent
 * @returns {string}
 */
export const titleOf = (key, by = "group") => textOf(key, by)?.Title ?? key;

/**
 * What a figure is.
 * @param {string} key
 * @param {string} by
 * @returns {string|undefined}
 */
export const helpOf = (key, by) => textOf(key, by)?.Help;

/**
 * A figure as text: a length, a share, or a number.
 * @param {any} row
 * @param {string} key
 */
export function shown(row, key) {
  const value = row?.[key] ?? null;
  if (value === null) return "–";
  if (key.includes("_seconds")) return clock(value * 1000);
  if (key === "service_level" || key === "occupancy") return (Math.floor(value * 10) / 10).toFixed(1) + " %";
  return String(value);
}
