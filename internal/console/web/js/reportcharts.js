// The charts of a report: calls and service level by step, or what each agent did.
import { bars, percentLine } from "./chart.js";
import { figureOf, serviceLevel, titleOf } from "./reportfigures.js";
import { fill, words } from "./words.js";

const reports = words.Reports;
const longFrom = 2 * 3600; // seconds from which on a time is shown in hours

/** The parts of an agent's time. Together they are the time logged in. */
const parts = /** @type {[string, string][]} */ ([
  ["talk_seconds", "c-talk"], ["wrap_up_seconds", "c-wrap"], ["ring_seconds", "c-ring"], ["outbound_seconds", "c-outbound"],
  ["ready_seconds", "c-ready"], ["paused_seconds", "c-paused"], ["rest_seconds", "c-rest"], ["missed_seconds", "c-missed"],
  ["unavailable_seconds", "c-unavailable"],
]);

/**
 * @param {any} report of agents
 * @param {(row: any) => string} nameOf
 */
export function agentCharts(report, nameOf) {
  const most = Math.max(...report.totals.map((/** @type {any} */ row) => row.logged_in_seconds));
  const [unit, seconds] = most < longFrom ? ["min", 60] : ["h", 3600];
  const series = parts.map(([key, className]) => ({
    name: titleOf(key, "agent"), className, values: report.totals.map((/** @type {any} */ row) => row[key] / seconds),
  }));
  return [bars(reports.TimeChart, report.totals.map(nameOf), series, (n) => `${Math.round(n * 10) / 10} ${unit}`)];
}

/**
 * @param {any} report of groups
 * @param {number[]} begins
 * @param {(at: number) => string} stepName
 * @param {number[]} goals of the groups
 */
export function groupCharts(report, begins, stepName, goals) {
  /** @type {Map<number, any[]>} */
  const rowsAt = new Map(begins.map((at) => [at, []]));
  for (const row of report.rows) rowsAt.get(Date.parse(row.start))?.push(row);
  const steps = [...rowsAt.values()];
  const values = (/** @type {string} */ key) => steps.map((rows) => rows.reduce((sum, row) => sum + (figureOf(row, key) ?? 0), 0));
  const answered = values("answered");
  const abandoned = values("abandoned");
  const other = values("offered").map((n, i) => Math.max(0, n - answered[i] - abandoned[i]));
  const names = begins.map(stepName);
  const different = [...new Set(goals)].sort((a, b) => a - b);
  const one = different.length === 1;
  return [
    bars(reports.CallChart, names, [
      { name: titleOf("answered"), className: "c-answered", values: answered },
      { name: titleOf("abandoned"), className: "c-abandoned", values: abandoned },
      { name: reports.Other, className: "c-other", values: other },
    ]),
    percentLine(reports.LevelChart, names, steps.map((rows) => serviceLevel(rows, report.formula)), {
      value: one ? different[0] : null,
      text: one ? fill(words.Figures.Goal, different[0]) : different.length ? fill(reports.Goals, different.join(" %, ") + " %") : "",
    }),
  ];
}
