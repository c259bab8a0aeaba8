// The figures of reports, in the order of the table, and how each is shown.
import { clock } from "./time.js";

export const callFigures = [
  "offered", "answered", "answered_in", "abandoned", "abandoned_short", "service_level", "asa_ms", "wait_longest_ms",
  "aht_ms", "talk_ms", "hold_ms", "wrap_up_ms", "left", "refused",
];

export const agentFigures = [
  "logged_in_ms", "ready_ms", "ring_ms", "talk_ms", "hold_ms", "wrap_up_ms", "outbound_ms", "paused_ms", "missed_ms", "rest_ms",
  "unavailable_ms", "offers", "answered", "misses", "aht_ms", "occupancy",
];

/**
 * A figure as text: a length, a share, or a number.
 * @param {string} key
 * @param {number|null|undefined} value
 */
export function shownAs(key, value) {
  if (value === null || value === undefined) return "–";
  if (key.endsWith("_ms")) return clock(value);
  if (key === "service_level" || key === "occupancy") return (Math.floor(value * 10) / 10).toFixed(1) + " %";
  return String(value);
}
