// Menus of rows, and questions.
import { textOf } from "./api.js";
import { el } from "./dom.js";
import { words } from "./words.js";

/** @typedef {{label: string, danger?: boolean, act: () => void}} Item */

/**
 * Opens a menu beside an element.
 * @param {Element} anchor
 * @param {Item[]} items
 */
export function openMenu(anchor, items) {
  const menu = el("div", { class: "popup", role: "menu", popover: "auto" });
  const buttons = items.map((item) => el("button", {
    type: "button", role: "menuitem", class: item.danger ? "danger-text" : "",
    onclick() {
      menu.hidePopover();
      item.act();
    },
  }, item.label));
  menu.append(...buttons);
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") {
      menu.remove();
      /** @type {HTMLElement|null} */ (anchor.closest(".row"))?.focus({ preventScroll: true });
    }
  });
  menu.addEventListener("keydown", (event) => {
    const now = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    buttons[(now + step + buttons.length) % buttons.length].focus();
  });
  document.body.append(menu);
  menu.showPopover();
  const at = anchor.getBoundingClientRect();
  menu.style.left = Math.max(8, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8)) + "px";
  const below = at.bottom + 4 + menu.offsetHeight < innerHeight;
  menu.style.top = (below ? at.bottom + 4 : Math.max(8, at.top - menu.offsetHeight - 4)) + "px";
  buttons[0]?.focus();
}

/**
 * Asks a question. It returns what was filled in, or null if it was cancelled. With run, the dialog
 * stays open until that has succeeded, and shows why it has not. Before, check says whether the fields
 * are allowed; without it, the browser does.
 * @param {{title: string, text?: string, fields?: Node[], submit: string, danger?: boolean, only?: boolean,
 *   run?: (data: FormData) => Promise<any>, check?: (form: HTMLFormElement) => boolean}} of
 * @returns {Promise<FormData|null>}
 */
export function ask(of) {
  return new Promise((resolve) => {
    const fault = el("p", { class: "said bad", role: "alert", hidden: true });
    const submit = el("button", { class: of.danger ? "danger" : "main", value: "do" }, of.submit);
    const form = el("form", {
      method: "dialog", novalidate: of.check !== undefined,
      onsubmit: (/** @type {Event} */ event) => of.check?.(form) === false && event.preventDefault(),
    },
      el("h2", { id: "dialog-title" }, of.title),
      of.text ? el("p", {}, of.text) : null,
      ...(of.fields ?? []), fault,
      el("div", { class: "choices" },
        of.only ? null : el("button", { type: "button", value: "cancel", autofocus: of.danger, onclick: () => dialog.close("") }, words.Act.Cancel),
        submit));
    const dialog = el("dialog", { "aria-labelledby": "dialog-title" }, form);
    if (of.run) form.addEventListener("submit", (event) => runIn(dialog, event, submit, fault, of.run));
    dialog.addEventListener("close", () => {
      const done = dialog.returnValue === "do";
      resolve(done ? new FormData(/** @type {HTMLFormElement} */ (form)) : null);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * Runs the order of a dialog, and closes it or says why it was refused.
 * @param {HTMLDialogElement} dialog
 * @param {SubmitEvent} event
 * @param {HTMLButtonElement} submit
 * @param {HTMLElement} fault
 * @param {((data: FormData) => Promise<any>)|undefined} run
 */
async function runIn(dialog, event, submit, fault, run) {
  if (event.defaultPrevented) return; // a field is not allowed
  event.preventDefault();
  if (submit.disabled) return; // Enter was pressed again
  submit.disabled = true;
  fault.hidden = true;
  try {
    await run?.(new FormData(/** @type {HTMLFormElement} */ (event.target)));
    dialog.close("do");
  } catch (refusal) {
    fault.textContent = textOf(refusal);
    fault.hidden = false;
    submit.disabled = false;
  }
}

/**
 * A choice of one.
 * @param {string} label
 * @param {string} name
 * @param {{value: string, text: string}[]} options
 */
export function choice(label, name, options) {
  const required = options.every((o) => o.value !== ""); // otherwise "" could not be chosen
  return el("label", {}, label, el("select", { name, required },
    ...options.map((o) => el("option", { value: o.value }, o.text))));
}

/**
 * A list to tick.
 * @param {string} name
 * @param {{value: string, text: string, ticked: boolean}[]} options
 */
export function ticks(name, options) {
  return el("div", { class: "ticks" }, ...options.map((o) => el("label", {},
    el("input", { type: "checkbox", name, value: o.value, checked: o.ticked }), o.text)));
}
