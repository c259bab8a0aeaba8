// Reports: a span of time in steps, by group or by agent, with charts, a table, and the definition of
// each figure. What is asked for is in the address.
import "./look.js";
import { call } from "./api.js";
import { bars, percentLine } from "./chart.js";
import { byID, el } from "./dom.js";
import { agentFigures, callFigures, figureOf, serviceLevel, shown } from "./reportfigures.js";
import { words } from "./words.js";
import { beginOf } from "./zone.js";

const reports = words.Reports;
const params = new URLSearchParams(location.search);
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const day = 24 * 3600 * 1000;

/** @param {Date} at the local day, as a date field has it */
const dayOf = (at) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;

/** What the form shows; without a choice, the last seven days by day. */
const chosen = {
  by: params.get("by") ?? "group",
  step: params.get("step") ?? "day",
  from: params.get("from") ?? dayOf(new Date(Date.now() - 6 * day)),
  to: params.get("to") ?? dayOf(new Date()),
  zone: params.get("zone") ?? ownZone,
  formula: params.get("formula") || "short-excluded",
  groups: params.get("groups") ?? "",
};

/**
 * @param {string} label
 * @param {string} name
 * @param {Record<string, string>} options
 */
function select(label, name, options) {
  const value = /** @type {Record<string, string>} */ (chosen)[name];
  return el("label", {}, label, el("select", { name }, ...Object.entries(options).map(([v, text]) =>
    el("option", { value: v, selected: v === value }, text))));
}

function form() {
  const download = (/** @type {string} */ format) =>
    el("a", { class: "button", href: "/api/v1/reports?" + query(format), download: "" }, format.toUpperCase());
  return el("form", { class: "search", action: "/ui/reports" },
    select(reports.By, "by", { group: words.Desk.Group, agent: words.Records.Agent }),
    select(reports.Step, "step", { quarter: reports.Quarter, hour: reports.Hour, day: reports.Day, week: reports.Week, month: reports.Month }),
    el("label", {}, words.Records.From, el("input", { name: "from", type: "date", value: chosen.from, required: true })),
    el("label", {}, reports.Through, el("input", { name: "to", type: "date", value: chosen.to, required: true })),
    el("label", {}, reports.Groups, el("input", { name: "groups", value: chosen.groups, placeholder: words.Desk.AllGroups, maxlength: 500 })),
    select(reports.Formula, "formula", words.Formulas),
    el("label", {}, reports.Zone, el("input", { name: "zone", value: chosen.zone, maxlength: 64 })),
    el("div", { class: "tools" }, el("button", { class: "main" }, reports.Show), download("csv"), download("xlsx")));
}

/** @param {string} format */
function query(format) {
  const { by, step, zone, formula } = chosen;
  const q = new URLSearchParams({ by, step, zone, formula, format });
  q.set("from", beginOf(chosen.from, zone).toISOString());
  q.set("to", beginOf(chosen.to, zone, 1).toISOString());
  if (chosen.groups.trim()) q.set("groups", chosen.groups.split(/[\s,]+/).filter(Boolean).join(","));
  return q;
}

/** @param {any} report */
function totals(report) {
  const figures = chosen.by === "agent" ? ["logged_in_seconds", "answered", "aht_seconds", "occupancy", "misses", "paused_seconds"]
    : ["offered", "answered", "abandoned", "service_level", "asa_seconds", "aht_seconds"];
  return el("div", { class: "totals" }, ...figures.map((key) => el("div", {},
    el("span", {}, words.ReportFigures[key]?.Title ?? key), el("b", {}, shown(report.total, key)))));
}

/** @param {any} report */
function charts(report) {
  const rows = report.rows;
  if (chosen.by === "agent") {
    const names = unique(rows.map((/** @type {any} */ r) => nameOf(r)));
    const hours = (/** @type {string} */ key) => names.map((n) => sumOf(rows.filter((/** @type {any} */ r) => nameOf(r) === n), key) / 3600);
    const series = [["talk_seconds", "c-talk"], ["wrap_up_seconds", "c-wrap"], ["ring_seconds", "c-ring"], ["ready_seconds", "c-ready"], ["paused_seconds", "c-paused"],
      ["unavailable_seconds", "c-unavailable"]]
      .map(([key, className]) => ({ name: words.ReportFigures[key].Title, className, values: hours(key) }));
    return [bars(reports.TimeChart, names, series, (h) => (Math.round(h * 10) / 10) + " h")];
  }
  const steps = unique(rows.map((/** @type {any} */ r) => String(r.start)));
  const names = steps.map((s) => stepName(s));
  const at = (/** @type {string} */ s) => rows.filter((/** @type {any} */ r) => String(r.start) === s);
  const values = (/** @type {string} */ key) => steps.map((s) => sumOf(at(s), key));
  const answered = values("answered");
  const abandoned = values("abandoned");
  const other = values("offered").map((n, i) => Math.max(0, n - answered[i] - abandoned[i]));
  const title = (/** @type {string} */ key) => words.ReportFigures[key].Title;
  const charts = [bars(reports.CallChart, names, [
    { name: title("answered"), className: "c-answered", values: answered },
    { name: title("abandoned"), className: "c-abandoned", values: abandoned },
    { name: reports.Other, className: "c-other", values: other },
  ])];
  charts.push(percentLine(reports.LevelChart, names, steps.map((s) => serviceLevel(at(s), chosen.formula)), 80));
  return charts;
}

/** @param {any[]} rows @param {string} key */
const sumOf = (rows, key) => rows.reduce((sum, r) => sum + (figureOf(r, key) ?? 0), 0);

/** @param {string[]} all */
const unique = (all) => [...new Set(all)];

/** @param {any} row */
function nameOf(row) {
  const number = row.group ?? row.extension;
  const name = objectNames.get(number);
  return name && name !== number ? `${number} ${name}` : number;
}

/** The names of groups or agents by their number. */
const objectNames = new Map();

async function readNames() {
  const agents = chosen.by === "agent";
  const { items } = await call("GET", agents ? "/agents" : "/groups");
  for (const one of items) objectNames.set(agents ? one.extension : one.group, one.name);
}

/** The columns of the table: those of the report's kind, and for agents the pauses by their reason. */
function figuresShown() {
  if (chosen.by !== "agent") return callFigures;
  return [...agentFigures, ...report.columns.filter((/** @type {string} */ c) => c.includes(" "))];
}

/** @param {string} key */
function titleOf(key) {
  const [figure, reason] = key.split(" ");
  if (!reason) return words.ReportFigures[key]?.Title ?? key;
  return (figure === "pauses" ? reports.PauseTimes : reports.PauseTime).replace("{0}", reason);
}

/**
 * The begin of a step, as short as its length allows. The text has the offset of the chosen zone, so
 * an hour that comes twice is shown twice with its offset.
 * @param {string} start
 */
function stepName(start) {
  const [date, rest] = start.split("T");
  if (chosen.step === "quarter" || chosen.step === "hour") {
    const offset = /[+-]\d\d:\d\d$|Z$/.exec(rest ?? "")?.[0] ?? "";
    const twice = offset && !report?.oneOffset ? " " + offset : "";
    return `${date.slice(5)} ${(rest ?? "").slice(0, 5)}${twice}`;
  }
  return chosen.step === "month" ? date.slice(0, 7) : date;
}

/** @type {any} */
let report;

/** @param {any} report */
function table(report) {
  const figures = figuresShown();
  const head = (/** @type {string} */ key) => el("th", { class: "number", title: words.ReportFigures[key]?.Help }, titleOf(key));
  const cells = (/** @type {any} */ row) => figures.map((key) => el("td", { class: "number" }, shown(row, key)));
  return el("div", { class: "plain report-table" }, el("table", {},
    el("thead", {}, el("tr", {}, el("th", {}, reports.Begin), el("th", {}, chosen.by === "agent" ? words.Records.Agent : words.Desk.Group), ...figures.map(head))),
    el("tbody", {}, ...report.rows.map((/** @type {any} */ row) => el("tr", {}, el("td", {}, stepName(String(row.start))), el("td", {}, nameOf(row)), ...cells(row)))),
    el("tfoot", {}, el("tr", {}, el("td", { colspan: 2 }, reports.Total), ...cells(report.total)))));
}

function definitions() {
  const figures = chosen.by === "agent" ? agentFigures : callFigures;
  return el("section", { class: "section-body" }, el("h2", {}, reports.Definitions), el("p", { class: "soft" }, reports.Counting),
    el("dl", { class: "definitions" }, ...figures.map((key) => el("div", {}, el("dt", {}, words.ReportFigures[key].Title), el("dd", {}, words.ReportFigures[key].Help)))));
}

async function show() {
  const root = byID("reports");
  root.append(form());
  try {
    [report] = await Promise.all([call("GET", "/reports?" + query("json")), readNames()]);
    report.oneOffset = new Set(report.rows.map((/** @type {any} */ r) => /[+-]\d\d:\d\d$|Z$/.exec(String(r.start))?.[0])).size === 1;
  } catch (fault) {
    root.append(el("p", { class: "said bad", role: "alert" }, fault instanceof Error ? fault.message : String(fault)));
    return;
  }
  if (report.rows.length === 0) {
    root.append(el("section", { class: "section-body" }, el("div", { class: "nothing" }, el("strong", {}, reports.Nothing), reports.NothingText)), definitions());
    return;
  }
  root.append(el("section", { class: "section-body" }, totals(report), ...charts(report)),
    el("section", { class: "section-body" }, table(report)), definitions());
}

show();
