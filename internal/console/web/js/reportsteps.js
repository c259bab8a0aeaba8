// The steps of a report in time, also those in which nothing happened.
import { beginOf, localText, offsetText } from "./zone.js";

const mostSteps = 2000; // that are filled in

/**
 * When the steps of a report begin, in order.
 * @param {any} report
 * @returns {number[]}
 */
export function beginsOf(report) {
  const known = new Set(report.rows.map((/** @type {any} */ r) => Date.parse(r.start)));
  const all = new Set(between(report));
  const fits = [...known].every((at) => all.has(at));
  return [...(fits ? all : known)].sort((a, b) => a - b);
}

/** @param {any} report @returns {number[]} */
function between({ step, from, to, zone }) {
  const end = Math.min(Date.parse(to), Date.now());
  const [year, month] = from.split("-").map(Number);
  /** @type {Record<string, (i: number) => number>} */
  const begins = {
    quarter: (i) => Date.parse(from) + i * 900e3,
    hour: (i) => Date.parse(from) + i * 3600e3,
    day: (i) => beginOf(from.slice(0, 10), zone, i).valueOf(),
    week: (i) => beginOf(from.slice(0, 10), zone, 7 * i).valueOf(),
    month: (i) => beginOf(new Date(Date.UTC(year, month - 1 + i, 1)).toISOString().slice(0, 10), zone).valueOf(),
  };
  const all = [];
  for (let i = 0, at = begins[step](0); at < end && i < mostSteps; at = begins[step](++i)) all.push(at);
  return all;
}

/**
 * Returns the name of each step by its begin, as short as its length allows. An hour that comes twice
 * has its offset beside it.
 * @param {any} report
 * @param {number[]} begins
 * @returns {(at: number) => string}
 */
export function namer({ step, zone }, begins) {
  const changes = new Set(begins.map((at) => offsetText(at, zone))).size > 1;
  return (at) => {
    const text = localText(at, zone);
    if (step === "month") return text.slice(0, 7);
    if (step === "day" || step === "week") return text.slice(0, 10);
    return text.slice(5).replace("T", " ") + (changes ? " " + offsetText(at, zone) : "");
  };
}
