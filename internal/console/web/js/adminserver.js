// The server itself: version, whether it can serve calls, what should be looked at.
import { call, order } from "./api.js";
import { el, icon } from "./dom.js";
import { action, changed, heading } from "./adminparts.js";
import { words } from "./words.js";

const admin = words.Admin;

/**
 * The text of a notice by its word, and the details, which the server has in English only.
 * @param {{word: string, warning: boolean, text?: string}} notice
 */
function note({ word, warning, text }) {
  const shape = warning ? "warning" : "alert";
  return el("li", { class: "notice " + shape }, icon(shape), el("div", {}, words.Notices[word] ?? word,
    text ? el("small", { lang: "en" }, text) : null));
}

/** @type {import("./admin.js").Section} */
export const server = {
  id: "server", title: admin.Server,
  async show(root) {
    const { version } = await call("GET", "/version");
    const answer = await fetch("/readyz");
    const ready = await answer.json();
    const all = (ready.notices ?? []).map(note);
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
