// A figure with its label. Amber and red come with a shape and a word.
import { el, icon, setAttribute, setText } from "./dom.js";
import { alert, calm } from "./level.js";
import { words } from "./words.js";

export class Figure {
  /**
   * @param {string} label
   * @param {{className?: string, help?: string, unit?: string, shape?: string}} [of]
   */
  constructor(label, of = {}) {
    this.value = el("span", { class: "value" });
    this.word = el("span", { class: "word" });
    this.unit = of.unit ?? "";
    this.level = calm;
    const shape = of.shape ? icon(of.shape, "s-" + of.shape) : null;
    this.element = el("div", { class: "figure " + (of.className ?? ""), title: of.help },
      el("span", { class: "label" }, shape, el("span", {}, label), this.word),
      el("span", { class: "number" }, this.value, of.unit ? el("span", { class: "unit" }, of.unit) : null));
  }

  /**
   * @param {string|number|null|undefined} value
   * @param {number} [level]
   */
  show(value, level = calm) {
    const none = value === null || value === undefined;
    setText(this.value, none ? "–" : value);
    this.element.classList.toggle("none", none);
    if (level === this.level) return;
    this.level = level;
    setAttribute(this.element, "data-level", level === calm ? null : String(level));
    setText(this.word, wordOf(level));
  }
}

/**
 * The shape and the word of a level; nothing if it is calm.
 * @param {number} level
 */
export function levelWord(level) {
  return level === calm ? [] : [icon(level === alert ? "alert" : "warning"), wordOf(level)];
}

/** @param {number} level */
function wordOf(level) {
  return ["", words.Wall.Warning, words.Wall.Alert][level];
}

/**
 * A service level without its sign, or null if there is none. 79.9 is not shown as a goal of 80.
 * @param {number|null} level
 */
export const percent = (level) => (level === null || level === undefined ? null : Math.floor(level));
