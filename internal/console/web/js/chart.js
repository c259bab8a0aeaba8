// Charts of a report: stacked bars, and a line with a goal.
import { el } from "./dom.js";
import { svg } from "./svg.js";

const width = 1000;
const height = 240;
const left = 52;
const bottom = 28;
const top = 10;

/** @typedef {{name: string, className: string, values: number[]}} Series */

const widest = 90; // of a bar

/**
 * A round number that is not below the value. Its quarters, which the axis shows, are round too.
 * @param {number} value
 */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(4, value)));
  return ([1.2, 2, 4, 6, 8, 12].find((f) => f * power >= value && f * power >= 4) ?? 12) * power;
}

/**
 * @param {string} label
 * @param {number} most the value at the upper edge
 * @param {string[]} names of the places on the horizontal axis
 * @param {(value: number) => string} show
 */
function frame(label, most, names, show) {
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": label });
  const y = (/** @type {number} */ value) => height - bottom - (value / most) * (height - bottom - top);
  const slot = (width - left - 10) / Math.max(1, names.length);
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    drawn.append(svg("line", { x1: left, x2: width - 10, y1: y(part * most), y2: y(part * most), class: "mark-line" }),
      svg("text", { x: left - 8, y: y(part * most) + 4, "text-anchor": "end", class: "mark-text" }, show(part * most)));
  }
  const every = Math.ceil(names.length / 12);
  names.forEach((name, i) => {
    if (i % every !== 0) return;
    drawn.append(svg("text", { x: left + slot * (i + 0.5), y: height - 8, "text-anchor": "middle", class: "mark-text" }, name));
  });
  return { drawn, y, slot };
}

/** @param {Series[]} series */
const legend = (series) => el("p", { class: "legend soft" }, ...series.map((s) => el("span", {},
  svg("svg", { viewBox: "0 0 12 12", class: "swatch" }, svg("rect", { width: 12, height: 12, rx: 2, class: s.className })), s.name)));

/**
 * Stacked bars, the first series at the bottom.
 * @param {string} title
 * @param {string[]} names
 * @param {Series[]} series
 * @param {(value: number) => string} [show]
 */
export function bars(title, names, series, show = (value) => String(Math.round(value * 10) / 10)) {
  const sums = names.map((_, i) => series.reduce((sum, s) => sum + s.values[i], 0));
  const { drawn, y, slot } = frame(title, roundUp(Math.max(...sums)), names, show);
  const wide = Math.min(slot * 0.7, widest);
  names.forEach((name, i) => {
    let below = 0;
    for (const s of series) {
      const value = s.values[i];
      if (value > 0) {
        drawn.append(svg("rect", {
          x: left + slot * (i + 0.5) - wide / 2, y: y(below + value), width: wide, height: Math.max(0.5, y(below) - y(below + value)), class: s.className,
        }, svg("title", {}, `${name}: ${s.name} ${show(value)}`)));
      }
      below += value;
    }
  });
  return el("figure", { class: "graph" }, el("figcaption", {}, title), drawn, legend(series));
}

/**
 * A line in percent, with gaps if there is no value.
 * @param {string} title
 * @param {string[]} names
 * @param {(number|null)[]} values
 * @param {{value: number|null, text: string}} goal null = there is no line for it
 */
export function percentLine(title, names, values, goal) {
  const { drawn, y, slot } = frame(title, 100, names, (value) => value + " %");
  const x = (/** @type {number} */ i) => left + slot * (i + 0.5);
  if (goal.value !== null) {
    drawn.append(svg("line", { x1: left, x2: width - 10, y1: y(goal.value), y2: y(goal.value), class: "goal-line" }));
  }
  let path = "";
  values.forEach((value, i) => {
    if (value === null) return;
    const begins = i === 0 || values[i - 1] === null;
    path += `${begins ? "M" : "L"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    drawn.append(svg("circle", { cx: x(i), cy: y(value), r: 3, class: "dot" }, svg("title", {}, `${names[i]}: ${Math.round(value * 10) / 10} %`)));
  });
  drawn.append(svg("path", { d: path, class: "level-line" }));
  return el("figure", { class: "graph" }, el("figcaption", {}, title, el("span", { class: "soft" }, goal.text)), drawn);
}
