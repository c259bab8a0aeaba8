// What the sections of the administration are made of.
import { call, order, toast } from "./api.js";
import { ask } from "./dialog.js";
import { el } from "./dom.js";
import { fill, words } from "./words.js";

const admin = words.Admin;

/** Shows the section again, because something has changed. */
export const changed = () => dispatchEvent(new Event("console:changed"));

/**
 * Goes to an object of a section, or to its list.
 * @param {string} section
 * @param {string} [id]
 */
export function goTo(section, id) {
  history.pushState(null, "", "/ui/admin?" + new URLSearchParams(id ? { s: section, id } : { s: section }));
  changed();
}

/**
 * @param {string} title
 * @param {string} lead
 * @param {...(Node|null)} tools
 */
export const heading = (title, lead, ...tools) =>
  el("header", { class: "section-head" }, el("div", {}, el("h2", {}, title), el("p", { class: "soft" }, lead)),
    el("div", { class: "tools" }, ...tools));

/**
 * A table that does not change by itself.
 * @param {{title: string, number?: boolean, show: (item: any) => Node|string|number}[]} columns
 * @param {any[]} items
 * @param {string} nothing
 */
export function plainTable(columns, items, nothing) {
  if (items.length === 0) return el("div", { class: "nothing" }, nothing);
  return el("div", { class: "plain" }, el("table", {},
    el("thead", {}, el("tr", {}, ...columns.map((c) => el("th", { class: c.number ? "number" : "" }, c.title)))),
    el("tbody", {}, ...items.map((item) => el("tr", {},
      ...columns.map((c) => el("td", { class: c.number ? "number" : "" }, c.show(item))))))));
}

/**
 * @param {string} label
 * @param {() => void} onclick
 * @param {string} [className]
 */
export const action = (label, onclick, className = "") => el("button", { type: "button", class: className, onclick }, label);

/**
 * @param {string} label
 * @param {string} name
 * @param {Record<string, any>} [attributes]
 */
export const input = (label, name, attributes = {}) => el("label", {}, label, el("input", { name, ...attributes }));

/**
 * @param {string} label
 * @param {string} name
 * @param {boolean} checked
 */
export const tick = (label, name, checked) =>
  el("label", { class: "tick" }, el("input", { type: "checkbox", name, checked }), label);

/**
 * Asks for fields and gives an order with them. A refusal is shown in the dialog, which keeps what was
 * filled in. The section is shown again after it.
 * @param {{title: string, text?: string, fields: Node[], submit?: string, run: (data: FormData) => Promise<any>, then?: (answer: any) => void}} of
 */
export async function edit(of) {
  let answer;
  const data = await ask({
    title: of.title, text: of.text, fields: of.fields, submit: of.submit ?? admin.Save,
    async run(data) { answer = await of.run(data); },
  });
  if (!data) return;
  toast(fill(words.Act.Done, of.title));
  if (of.then) of.then(answer);
  else changed();
}

/**
 * Throws if the name is one of those that are there. A PUT would replace it.
 * @param {string[]} names
 * @param {string} name
 */
export function mustBeNew(names, name) {
  if (names.includes(name)) throw new Error(words.Refusals.exists);
}

/**
 * Asks once more, and removes something.
 * @param {string} name
 * @param {string} path
 * @param {() => void} [then]
 */
export async function remove(name, path, then = changed) {
  const title = fill(admin.RemoveTitle, name);
  if (!(await ask({ title, text: admin.RemoveText, submit: admin.Remove, danger: true }))) return;
  if (await order(title, () => call("DELETE", path))) then();
}

/**
 * Shows a secret that cannot be seen again.
 * @param {string} title
 * @param {string} secret
 */
export async function showSecret(title, secret) {
  const box = el("input", { readonly: true, value: secret, class: "secret", "aria-label": title });
  box.addEventListener("focus", () => box.select());
  await ask({ title, text: admin.SecretOnce, fields: [box], submit: admin.Noted, only: true });
  changed();
}

/** @param {string} text a list with commas or blanks */
export const listOf = (text) => text.split(/[\s,]+/).filter(Boolean);
