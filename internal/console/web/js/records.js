// The records: search, pages, and the story of one call. What is asked for is in the address.
import "./look.js";
import { Refusal, at, call } from "./api.js";
import { byID, el, icon } from "./dom.js";
import { groupList } from "./groups.js";
import { plainTable } from "./adminparts.js";
import { answerOf, story } from "./story.js";
import { clock, date, length } from "./time.js";
import { fill, words } from "./words.js";

const records = words.Records;
const params = new URLSearchParams(location.search);
const pageSize = 50;

/** @param {string} name */
const asked = (name) => params.get(name) ?? "";

/**
 * @param {string} label
 * @param {Node} field
 */
const labelled = (label, field) => el("label", {}, label, field);

function form() {
  const text = (/** @type {string} */ name, /** @type {string} */ label, list = "") =>
    labelled(label, el("input", { name, value: asked(name), maxlength: 64, list: list || undefined }));
  const outcomes = ["", ...Object.keys(words.Outcomes)];
  return el("form", { class: "search", action: "/ui/records" },
    labelled(records.From, el("input", { name: "from", type: "datetime-local", value: asked("from") })),
    labelled(records.To, el("input", { name: "to", type: "datetime-local", value: asked("to") })),
    text("caller", records.Caller), text("group", words.Desk.Group, "groups"), groupList(), text("agent", records.Agent),
    labelled(words.AgentPage.Outcome, el("select", { name: "outcome" }, ...outcomes.map((o) =>
      el("option", { value: o, selected: o === asked("outcome") }, o ? words.Outcomes[o] : records.Any)))),
    el("div", { class: "tools" }, el("button", { class: "main" }, words.Admin.Search),
      el("a", { class: "button", href: "/ui/records" }, words.Desk.Clear)));
}

/** The question to the API: local times become moments. */
function query() {
  const q = new URLSearchParams({ limit: String(pageSize) });
  for (const name of ["caller", "group", "agent", "outcome", "uuid"]) if (asked(name).trim()) q.set(name, asked(name).trim());
  for (const name of ["from", "to"]) {
    const moment = asked(name) && new Date(asked(name));
    if (moment && !isNaN(moment.valueOf())) q.set(name, moment.toISOString());
  }
  return q;
}

/** @type {{title: string, number?: boolean, show: (item: any) => Node|string|number}[]} */
const columns = [
  { title: records.Arrived, show: (c) => el("a", { href: "/ui/records?call=" + at(c.uuid) }, date(Date.parse(c.arrived))) },
  { title: records.Caller, show: (c) => callerNode(c) },
  { title: words.Desk.Group, show: (c) => c.group },
  { title: records.Waited, number: true, show: (c) => clock((answerOf(c) || Date.parse(c.ended)) - Date.parse(c.arrived)) },
  { title: records.Talked, number: true, show: (c) => (answerOf(c) ? clock(Date.parse(c.ended) - answerOf(c)) : "") },
  { title: words.Figures.Hold, number: true, show: (c) => length(c.hold_ms) },
  { title: words.Figures.WrapUp, number: true, show: (c) => length(c.wrap_up_ms) },
  { title: records.Agent, show: (c) => c.agent ?? "" },
  { title: words.AgentPage.Outcome, show: (c) => el("span", { class: "outcome o-" + c.outcome }, words.Outcomes[c.outcome] ?? c.outcome) },
];

/** @param {any} c */
function callerNode(c) {
  const text = [c.caller_name, c.caller].filter(Boolean).join(" · ") || words.Desk.Anonymous;
  return el("span", { class: "caller-cell" }, c.direction === "out" ? el("span", { class: "soft" }, records.Out + " ") : null,
    text, c.vip ? el("span", { class: "vip-badge", title: words.Desk.VIP }, icon("star")) : null);
}

/** @param {HTMLElement} list */
async function search(list, q = query()) {
  const { items, next } = await call("GET", "/cdrs?" + q);
  const nothing = [...params.keys()].some((k) => asked(k)) ? records.NoMatch : records.Nothing;
  list.append(plainTable(columns, items, q.has("cursor") ? "" : nothing));
  if (!next) return;
  const more = el("button", { type: "button", onclick() {
    more.remove();
    q.set("cursor", String(next));
    search(list, q).catch((fault) => list.append(refusal(fault)));
  } }, words.Admin.More);
  list.append(more);
}

/** @param {any} fault */
const refusal = (fault) => el("p", { class: "said bad", role: "alert" }, fault.message);

/** @param {unknown} fault */
function unlessUnknown(fault) {
  if (!(fault instanceof Refusal) || fault.status !== 404) throw fault;
}

/** @param {string} uuid */
async function showCall(uuid) {
  const root = byID("records");
  root.append(el("p", {}, el("a", { href: "/ui/records" }, "← " + words.Nav.Records)));
  const told = await story(uuid).catch(unlessUnknown);
  if (!told || told.visits.length === 0) {
    root.append(el("div", { class: "nothing" }, records.NoCall));
    return;
  }
  const { visits, offers, shown } = told;
  root.append(el("section", { class: "section-body" },
    el("h2", { class: "story-title" }, callerNode(visits[0])),
    el("p", { class: "soft" }, fill(records.StoryLead, date(Date.parse(visits[0].arrived)), visits.length, offers.length)),
    shown));
}

async function show() {
  const root = byID("records");
  try {
    if (asked("call")) {
      await showCall(asked("call"));
      return;
    }
    const list = el("div", { class: "section-body" });
    root.append(form(), list);
    await search(list);
  } catch (fault) {
    root.append(refusal(fault));
  }
}

show();
