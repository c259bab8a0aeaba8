// The form of the settings of a group or an agent. It is made from the table of settings that the
// server has, so a new setting needs nothing here.
import { call, order } from "./api.js";
import { el } from "./dom.js";
import { changed } from "./adminparts.js";
import { fill, words } from "./words.js";

const admin = words.Admin;
const language = document.documentElement.lang;

/** @type {Promise<any>|undefined} */
let table;

/** @returns {Promise<any>} */
const settingsTable = () => (table ??= call("GET", "/settings"));

/**
 * @param {"groups"|"agents"} kind
 * @param {any} values the object's own settings by key; null = the default
 * @param {string} path to PATCH
 */
export async function settingsForm(kind, values, path) {
  const settings = (await settingsTable())[kind];
  const form = el("form", { class: "settings" }, ...settings.map((/** @type {any} */ s) => field(s, values[s.key])),
    el("div", { class: "choices" }, el("button", { class: "main" }, admin.Save)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const changes = changesOf(settings, values, /** @type {HTMLFormElement} */ (form));
    if (Object.keys(changes).length === 0) return;
    if (await order(Object.keys(changes).join(", "), () => call("PATCH", path, changes))) changed();
  });
  return form;
}

/**
 * @param {any} setting
 * @param {any} value
 */
function field(setting, value) {
  const help = setting.help?.[language] ?? setting.help?.en ?? "";
  const text = el("span", { class: "setting-help" }, help, " ", el("code", {}, setting.key));
  if (setting.type === "flag") {
    return el("label", { class: "setting tick" }, el("input", { type: "checkbox", name: setting.key, checked: value === true }), text);
  }
  const fallback = setting.default ?? setting.default_in;
  const placeholder = fallback === undefined || fallback === "" ? "" : fill(admin.Default, fallback);
  const own = value === null || value === undefined ? "" : value;
  if (setting.key === "mode") {
    return el("label", { class: "setting" }, text, el("select", { name: setting.key },
      ...Object.entries(words.Modes).map(([value, name]) => el("option", { value, selected: String(own) === value }, name))));
  }
  if (setting.choices?.length) {
    return el("label", { class: "setting" }, text, el("select", { name: setting.key },
      el("option", { value: "" }, placeholder || "–"),
      ...setting.choices.map((/** @type {any} */ c) => el("option", { value: c, selected: String(own) === String(c) }, c))));
  }
  const number = setting.type === "number" || setting.type === "seconds";
  return el("label", { class: "setting" }, text, el("span", { class: "with-unit" }, el("input", {
    name: setting.key, value: own, placeholder, type: number ? "number" : "text",
    min: number ? setting.minimum : undefined, max: number ? setting.maximum : undefined,
    maxlength: number ? undefined : setting.max_length ?? 1000,
  }), setting.type === "seconds" ? el("span", { class: "soft" }, "s") : null));
}

/**
 * The settings that differ from what they were. An empty field leaves it to the default.
 * @param {any[]} settings
 * @param {any} values
 * @param {HTMLFormElement} form
 */
function changesOf(settings, values, form) {
  /** @type {Record<string, any>} */
  const changes = {};
  for (const s of settings) {
    const input = /** @type {HTMLInputElement} */ (form.elements.namedItem(s.key));
    const number = s.type === "number" || s.type === "seconds" || s.choices?.every((/** @type {any} */ c) => typeof c === "number");
    let value = /** @type {any} */ (null);
    if (s.type === "flag") value = input.checked;
    else if (input.value !== "") value = number && !isNaN(Number(input.value)) ? Number(input.value) : input.value;
    const before = values[s.key] ?? (s.type === "flag" ? false : null);
    if (value !== (before === "" ? null : before)) changes[s.key] = value;
  }
  return changes;
}
