// Reports: a span of time in steps, by group or by agent, with charts, a table, and the definition of
// each figure. What is asked for is in the address.
import "./look.js";
import { reasons } from "./act.js";
import { call } from "./api.js";
import { byID, el } from "./dom.js";
import { picture } from "./picture.js";
import { agentFigures, callFigures, helpOf, shown, titleOf } from "./reportfigures.js";
import { chosen, faultOf, form, query } from "./reportform.js";
import { fill, words } from "./words.js";

const reports = words.Reports;
const byAgent = chosen.by === "agent";
const mostRows = 1000; // that the page shows; the files have all

/** The groups or agents that are there, by their number. */
const objects = new Map();

/** The names of the reasons for a pause. */
const reasonNames = new Map();

async function readNames() {
  const { items } = await call("GET", byAgent ? "/agents" : "/groups");
  for (const one of items) objects.set(byAgent ? one.extension : one.group, one);
  for (const reason of byAgent ? await reasons() : []) reasonNames.set(reason.code, reason.name || reason.code);
}

/** @param {any} row */
function nameOf(row) {
  const number = row.group ?? row.extension;
  const { name } = objects.get(number) ?? {};
  return name && name !== number ? `${number} ${name}` : number;
}

/** @param {any} report */
function totals(report) {
  const figures = byAgent ? ["logged_in_seconds", "answered", "aht_seconds", "occupancy", "misses", "paused_seconds"]
    : ["offered", "answered", "abandoned", "service_level", "asa_seconds", "aht_seconds"];
  return el("div", { class: "totals" }, ...figures.map((key) => el("div", {},
    el("span", {}, titleOf(key, chosen.by)), el("b", {}, shown(report.total, key)))));
}

/**
 * The columns of the table: those of the report's kind, and for agents the pauses by their reason.
 * @param {any} report
 */
function figuresOf(report) {
  if (!byAgent) return callFigures;
  return [...agentFigures, ...report.columns.filter((/** @type {string} */ c) => c.includes(" "))];
}

/** @param {string} key */
function headOf(key) {
  const at = key.indexOf(" ");
  if (at < 0) return titleOf(key, chosen.by);
  const reason = key.slice(at + 1);
  const name = reason === "" ? words.Act.NoReason : reason === "supervisor" ? words.Desk.BySupervisor : reasonNames.get(reason) ?? reason;
  return fill(key.startsWith("pauses") ? reports.PauseTimes : reports.PauseTime, name);
}

/**
 * Returns the name of each step by its begin, as short as its length allows. The offset is there if
 * the clock is changed within the report, because an hour may come twice then.
 * @param {any} report
 * @returns {(begin: string) => string} for a begin as 2026-11-28T13:00:00+01:00
 */
function stepNames({ step, from, to, rows }) {
  const offset = (/** @type {string} */ begin) => begin.slice(19).replace("Z", "+00:00");
  const changes = new Set([from, to, ...rows.map((/** @type {any} */ row) => row.start)].map(offset)).size > 1;
  if (step === "month") return (begin) => begin.slice(0, 7);
  if (step === "day" || step === "week") return (begin) => begin.slice(0, 10);
  return (begin) => begin.slice(5, 16).replace("T", " ") + (changes ? " " + offset(begin) : "");
}

/** @param {any} report */
function table(report) {
  const stepName = stepNames(report);
  const figures = figuresOf(report);
  const head = (/** @type {string} */ key) => el("th", { class: "number", title: helpOf(key, chosen.by) }, headOf(key));
  const cells = (/** @type {any} */ row) => figures.map((key) => el("td", { class: "number" }, shown(row, key)));
  const line = (/** @type {any} */ row) =>
    el("tr", {}, el("td", {}, stepName(row.start)), el("td", {}, nameOf(row)), ...cells(row));
  const many = report.rows.length > mostRows;
  return el("section", { class: "section-body" },
    many ? el("p", { class: "soft" }, fill(reports.TooMany, mostRows, report.rows.length)) : null,
    el("div", { class: "plain report-table" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", {}, reports.Begin), el("th", {}, byAgent ? words.Records.Agent : words.Desk.Group), ...figures.map(head))),
      el("tbody", {}, ...report.rows.slice(0, mostRows).map(line)),
      el("tfoot", {}, el("tr", {}, el("td", { colspan: 2 }, reports.Total), ...cells(report.total))))));
}

function definitions() {
  return el("section", { class: "section-body" }, el("h2", {}, reports.Definitions),
    el("p", { class: "soft" }, byAgent ? reports.CountingAgents : reports.Counting),
    el("dl", { class: "definitions" }, ...(byAgent ? agentFigures : callFigures).map((key) => el("div", {},
      el("dt", {}, titleOf(key, chosen.by)), el("dd", {}, helpOf(key, chosen.by))))));
}

/**
 * @param {Element} drawn
 * @param {any} report
 */
function shownReport(drawn, report) {
  const tooMany = el("p", { class: "soft" }, reports.TooManyPlaces);
  return [el("section", { class: "section-body" }, totals(report), drawn.childElementCount ? drawn : tooMany), table(report)];
}

const nothing = () => el("section", { class: "section-body" },
  el("div", { class: "nothing" }, el("strong", {}, reports.Nothing), chosen.groups ? reports.NothingOfGroups : reports.NothingText));

async function show() {
  const root = byID("reports");
  root.append(form());
  try {
    if (faultOf()) throw new Error(faultOf());
    const question = query("svg");
    question.set("language", document.documentElement.lang);
    const [{ drawn, data }] = await Promise.all([picture("/reports?" + question), readNames()]);
    root.append(...(data.rows.length ? shownReport(drawn, data) : [nothing()]), definitions());
  } catch (fault) {
    root.append(el("p", { class: "said bad", role: "alert" }, fault instanceof Error ? fault.message : String(fault)));
  }
}

show();
