// Fields for settings of a group or an agent. They are made from the table of settings that the
// server has, so a new setting needs nothing here.
import { call } from "./api.js";
import { el, icon, setAttribute } from "./dom.js";
import { fill, words } from "./words.js";

const admin = words.Admin;
const language = document.documentElement.lang;

/** @type {Promise<any>|undefined} */
let table;

/**
 * The settings of a kind of object, in order.
 * @param {"groups"|"agents"} kind
 * @returns {Promise<any[]>}
 */
export async function settingsOf(kind) {
  table ??= call("GET", "/settings");
  return (await table)[kind];
}

/**
 * @param {any} setting
 * @param {any} value
 */
export function field(setting, value) {
  const help = setting.key === "mode" ? admin.Mode : setting.help?.[language] ?? setting.help?.en ?? "";
  const text = el("span", { class: "setting-help" }, help, " ", el("code", {}, setting.key));
  if (setting.type === "flag") {
    return el("label", { class: "setting tick" }, el("input", { type: "checkbox", name: setting.key, checked: value === true }), text);
  }
  const own = value === null || value === undefined ? "" : value;
  if (setting.key === "mode") {
    return el("label", { class: "setting" }, text, el("select", { name: setting.key },
      ...Object.entries(words.Modes).map(([value, name]) => el("option", { value, selected: String(own) === value }, name))));
  }
  const placeholder = fallback(setting);
  if (setting.choices?.length) {
    return el("label", { class: "setting" }, text, el("select", { name: setting.key },
      el("option", { value: "" }, placeholder || "–"),
      ...setting.choices.map((/** @type {any} */ c) =>
        el("option", { value: c, selected: String(own) === String(c) }, choiceName(setting, c)))));
  }
  const number = setting.type === "number" || setting.type === "seconds";
  return el("label", { class: "setting" }, text, el("span", { class: "with-unit" }, el("input", {
    name: setting.key, value: own, placeholder, type: number ? "number" : "text",
    min: number ? setting.minimum : undefined, max: number ? setting.maximum : undefined,
    maxlength: number ? undefined : setting.max_length ?? 1000,
  }), setting.type === "seconds" ? el("span", { class: "soft" }, admin.Seconds) : null));
}

/**
 * What counts if the setting is left to its default.
 * @param {any} setting
 */
function fallback(setting) {
  if (setting.default_in) return fill(admin.Default, fill(admin.ByConfiguration, setting.default_in));
  const value = setting.default ?? "";
  return value === "" ? "" : fill(admin.Default, choiceName(setting, value));
}

/**
 * The name of one of the choices of a setting.
 * @param {any} setting
 * @param {any} value
 */
const choiceName = (setting, value) => (setting.key === "service_level_formula" ? words.Formulas[value] ?? value : value);

/**
 * @param {HTMLFormElement} form
 * @param {string} key
 */
const inputOf = (form, key) => /** @type {HTMLInputElement} */ (form.elements.namedItem(key));

/**
 * Marks the fields that are not allowed, says which values are, and goes to the first of them.
 * @param {HTMLFormElement} form
 * @param {any[]} settings
 * @param {string[]} wrong keys
 * @returns {boolean} whether there is one
 */
export function mark(form, settings, wrong) {
  form.querySelectorAll(".field-fault").forEach((said) => said.remove());
  const marked = settings.filter((s) => wrong.includes(s.key));
  for (const s of settings) setAttribute(inputOf(form, s.key), "aria-invalid", wrong.includes(s.key) ? "true" : null);
  for (const s of marked) {
    const id = "fault-" + s.key;
    const input = inputOf(form, s.key);
    input.setAttribute("aria-describedby", id);
    input.closest(".setting")?.append(el("span", { class: "field-fault", id, role: "alert" }, icon("alert"),
      fill(admin.Allowed, s.allowed[language] ?? s.allowed.en)));
  }
  if (marked.length > 0) inputOf(form, marked[0].key).focus();
  return marked.length > 0;
}

/**
 * Marks the fields that are not allowed. The browser would complain in a language of its own.
 * @param {HTMLFormElement} form with novalidate
 * @param {any[]} settings
 * @returns {boolean} whether all are allowed
 */
export const allowed = (form, settings) =>
  !mark(form, settings, settings.filter((s) => !inputOf(form, s.key).checkValidity()).map((s) => s.key));

/**
 * The settings that differ from what they were. An empty field leaves it to the default.
 * @param {any[]} settings
 * @param {any} values the object's own settings by key; null = the default
 * @param {FormData} filled
 */
export function changesOf(settings, values, filled) {
  /** @type {Record<string, any>} */
  const changes = {};
  for (const s of settings) {
    const number = s.type === "number" || s.type === "seconds" || s.choices?.every((/** @type {any} */ c) => typeof c === "number");
    const text = filled.get(s.key) ?? "";
    let value = /** @type {any} */ (null);
    if (s.type === "flag") value = filled.has(s.key);
    else if (text !== "") value = number && !isNaN(Number(text)) ? Number(text) : text;
    const before = values[s.key] ?? (s.type === "flag" ? false : null);
    if (value !== (before === "" ? null : before)) changes[s.key] = value;
  }
  return changes;
}
