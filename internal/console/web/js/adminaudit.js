// The audit log: who did what, from where, and whether it was carried out.
import { call } from "./api.js";
import { el } from "./dom.js";
import { action, heading, plainTable } from "./adminparts.js";
import { words } from "./words.js";

const admin = words.Admin;
const fields = ["actor", "object"];
const moment = new Intl.DateTimeFormat(document.documentElement.lang, {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/** @type {import("./admin.js").Section} */
export const audit = {
  id: "audit", title: admin.Audit,
  async show(root) {
    const asked = new URLSearchParams(location.search);
    const inputs = fields.map((name) => el("input", {
      name, value: asked.get(name) ?? "", placeholder: name === "actor" ? admin.Actor : admin.Object, maxlength: 100,
      "aria-label": name === "actor" ? admin.Actor : admin.Object,
    }));
    const body = el("div", {});
    const query = new URLSearchParams();
    for (const name of fields) if (asked.get(name)) query.set(name, asked.get(name) ?? "");
    const form = el("form", { class: "filter", action: "/ui/admin" }, el("input", { type: "hidden", name: "s", value: "audit" }),
      ...inputs, el("button", {}, admin.Search));
    root.append(heading(admin.Audit, admin.AuditLead, form), body);
    await page(body, query);
  },
};

/**
 * @param {HTMLElement} body
 * @param {URLSearchParams} query
 */
async function page(body, query) {
  const { items, next } = await call("GET", "/audit?" + query);
  body.append(plainTable([
    { title: words.Desk.When, show: (e) => el("span", { class: "together" }, moment.format(Date.parse(e.at))) },
    { title: admin.Actor, show: (e) => `${e.actor}` },
    { title: admin.Source, show: (e) => [e.source, words.Ways[e.way] ?? e.way].filter(Boolean).join(" · ") },
    { title: admin.Action, show: (e) => el("code", {}, e.action) },
    { title: admin.Object, show: (e) => e.object },
    { title: admin.Detail, show: (e) => detail(e.detail) },
    {
      title: words.AgentPage.Outcome,
      show: (e) => el("span", { class: e.outcome === "ok" ? "together" : "refused" }, words.Outcome[e.outcome] ?? e.outcome,
        e.reason ? ": " + e.reason : ""),
    },
  ], items, admin.NoEntries));
  if (!next) return;
  const more = action(admin.More, () => {
    more.remove();
    query.set("cursor", next);
    page(body, query);
  });
  body.append(more);
}

/** @param {any} detail */
function detail(detail) {
  return Object.entries(detail ?? {}).map(([name, value]) => `${name}=${value}`).join(" ");
}
