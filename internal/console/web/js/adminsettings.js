// The form of all settings of a group or an agent.
import { Refusal, call, order } from "./api.js";
import { el } from "./dom.js";
import { changed } from "./adminparts.js";
import { allowed, changesOf, field, mark, settingsOf } from "./settingfields.js";
import { words } from "./words.js";

const admin = words.Admin;

/**
 * @param {"groups"|"agents"} kind
 * @param {any} values the object's own settings by key; null = the default
 * @param {string} path to PATCH
 */
export async function settingsForm(kind, values, path) {
  const settings = await settingsOf(kind);
  const form = el("form", { class: "settings", novalidate: true },
    ...settings.map((s) => field(s, values[s.key])),
    el("div", { class: "choices" }, el("button", { class: "main" }, admin.Save)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form, settings, values, path);
  });
  return form;
}

/**
 * @param {HTMLFormElement} form
 * @param {any[]} settings
 * @param {any} values
 * @param {string} path
 */
async function save(form, settings, values, path) {
  if (!allowed(form, settings)) return;
  const changes = changesOf(settings, values, new FormData(form));
  if (Object.keys(changes).length === 0) return;
  const done = await order(Object.keys(changes).join(", "), async () => {
    try {
      await call("PATCH", path, changes);
    } catch (refusal) {
      if (refusal instanceof Refusal && mark(form, settings, refusal.fields)) throw new Error(admin.SeeFields);
      throw refusal;
    }
  });
  if (done) changed();
}
