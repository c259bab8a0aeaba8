// The server itself: version, whether it can serve calls, what should be looked at.
import { call, order } from "./api.js";
import { el, icon } from "./dom.js";
import { action, changed, heading } from "./adminparts.js";
import { words } from "./words.js";

const admin = words.Admin;

/** @type {import("./admin.js").Section} */
export const server = {
  id: "server", title: admin.Server,
  async show(root) {
    const { version } = await call("GET", "/version");
    const answer = await fetch("/readyz");
    const ready = await answer.json();
    const notes = (/** @type {string[]} */ texts, /** @type {string} */ shape) => texts.map((text) =>
      el("li", { class: "notice " + shape }, icon(shape), text));
    const all = [...notes(ready.reasons ?? [], "alert"), ...notes(ready.warnings ?? [], "warning")];
    root.append(
      heading(admin.Server, version, action(admin.Reload, async () => {
        if (await order(admin.Reload, () => call("POST", "/reload"))) changed();
      })),
      el("p", { class: ready.ok ? "said good" : "said bad" }, ready.ok ? admin.Ready : admin.NotReady),
      el("h3", {}, admin.Warnings),
      all.length ? el("ul", { class: "notices" }, ...all) : el("p", { class: "soft" }, admin.NoWarnings),
      el("p", {}, el("a", { href: "/docs" }, admin.APIDocs)));
  },
};
