// What a report is asked for: the form, which is in the address, and the question to the API.
import { el } from "./dom.js";
import { groupList } from "./groups.js";
import { words } from "./words.js";
import { beginOf, isZone } from "./zone.js";

const reports = words.Reports;
const params = new URLSearchParams(location.search);
const day = 24 * 3600 * 1000;

/** @param {Date} at the local day, as a date field has it */
const dayOf = (at) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;

/** What the form shows; without a choice, the last seven days by day. */
export const chosen = {
  by: params.get("by") === "agent" ? "agent" : "group",
  step: params.get("step") || "day",
  from: params.get("from") || dayOf(new Date(Date.now() - 6 * day)),
  to: params.get("to") || dayOf(new Date()),
  zone: params.get("zone")?.trim() || Intl.DateTimeFormat().resolvedOptions().timeZone,
  formula: params.get("formula") || "short-excluded",
  groups: (params.get("groups") ?? "").trim(),
};

/** What is wrong with the choice; "" = nothing. */
export function faultOf() {
  const isDay = (/** @type {string} */ text) => /^\d{4}-\d\d-\d\d$/.test(text) && !isNaN(Date.parse(text));
  if (!isZone(chosen.zone)) return reports.NoZone;
  if (!isDay(chosen.from) || !isDay(chosen.to)) return reports.NoDay;
  return chosen.from > chosen.to ? reports.Backwards : "";
}

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

export function form() {
  const download = (/** @type {string} */ format) => (faultOf() ? null
    : el("a", { class: "button", href: "/api/v1/reports?" + query(format), download: "" }, format.toUpperCase()));
  return el("form", { class: "search", action: "/ui/reports" },
    select(reports.By, "by", { group: words.Desk.Group, agent: words.Records.Agent }),
    select(reports.Step, "step", { quarter: reports.Quarter, hour: reports.Hour, day: reports.Day, week: reports.Week, month: reports.Month }),
    el("label", {}, words.Records.From, el("input", { name: "from", type: "date", value: chosen.from, required: true })),
    el("label", {}, reports.Through, el("input", { name: "to", type: "date", value: chosen.to, required: true })),
    el("label", {}, reports.Groups, el("input", { name: "groups", value: chosen.groups, placeholder: words.Desk.AllGroups, maxlength: 500, list: "groups" }), groupList()),
    chosen.by === "group" ? select(reports.Formula, "formula", words.Formulas) : null,
    el("label", {}, reports.Zone, el("input", { name: "zone", value: chosen.zone, maxlength: 64 })),
    el("div", { class: "tools" }, el("button", { class: "main" }, reports.Show), download("csv"), download("xlsx")));
}

/** @param {string} format */
export function query(format) {
  const { by, step, zone, formula } = chosen;
  const q = new URLSearchParams({ by, step, zone, formula, format });
  q.set("from", beginOf(chosen.from, zone).toISOString());
  q.set("to", beginOf(chosen.to, zone, 1).toISOString());
  if (chosen.groups) q.set("groups", chosen.groups.split(/[\s,]+/).filter(Boolean).join(","));
  return q;
}
