// The story of one call: its visits, offers and talks on one line of time, and the same as a table.
import { el } from "./dom.js";
import { plainTable } from "./adminparts.js";
import { svg } from "./svg.js";
import { clock, length } from "./time.js";
import { words } from "./words.js";

const records = words.Records;
const width = 1000;
const left = 150;
const line = 40;
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium", hourCycle: "h23" });

/** @typedef {{from: number, to: number, kind: string, text: string}} Span */
/** @typedef {{title: string, spans: Span[]}} Lane */

/** @param {string|undefined} text */
const ms = (text) => (text ? Date.parse(text) : 0);

/**
 * @param {any[]} visits in order
 * @param {any[]} offers in order
 */
export function story(visits, offers) {
  const lanes = visits.flatMap((visit, i) => [lane(visit, visits[i - 1]), ...offers
    .filter((o) => (o.visit || 1) === visit.visit).map((o) => offerLane(o))]);
  return el("div", { class: "story" }, picture(lanes), legend(), details(visits, offers));
}

/**
 * When the wait of a visit ended with an answer, as the reports count it; 0 = no agent talked with the
 * caller. A later transfer bridges the caller again, and the wait is not longer for it.
 * @param {any} visit
 */
export const answerOf = (visit) => (visit.bridged ? ms(visit.answered ?? visit.bridged) : 0);

/**
 * A caller who comes from another group keeps the time of arrival there, so the lane begins as that
 * visit ends.
 * @param {any} visit
 * @param {any} before the visit before it, if there is one
 * @returns {Lane}
 */
function lane(visit, before) {
  const arrived = Math.max(ms(visit.arrived), visit.came_from ? ms(before?.ended) : 0);
  const ended = ms(visit.ended);
  const answered = answerOf(visit);
  const spans = [{ from: arrived, to: answered || ended, kind: "wait", text: clock((answered || ended) - arrived) }];
  if (answered) spans.push({ from: answered, to: ended, kind: "talk", text: clock(ended - answered) });
  return { title: `${words.Desk.Group} ${visit.group}`, spans };
}

/** @param {any} offer @returns {Lane} */
function offerLane(offer) {
  const offered = ms(offer.offered);
  const answered = ms(offer.answered);
  const ended = ms(offer.ended);
  const kind = offer.outcome === "answered" ? "ring" : "missed";
  const spans = [{ from: offered, to: answered || ended, kind, text: clock((answered || ended) - offered) }];
  if (answered && ended > answered) spans.push({ from: answered, to: ended, kind: "agent", text: clock(ended - answered) });
  return { title: `↳ ${offer.agent}`, spans };
}

/** @param {Lane[]} lanes */
function picture(lanes) {
  const all = lanes.flatMap((l) => l.spans);
  const from = Math.min(...all.map((s) => s.from));
  const to = Math.max(from + 1000, ...all.map((s) => s.to));
  const x = (/** @type {number} */ at) => left + ((at - from) / (to - from)) * (width - left - 20);
  const height = lanes.length * line + 34;
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "timeline", role: "img", "aria-label": records.Story });
  for (const at of marks(from, to)) {
    drawn.append(svg("line", { x1: x(at), x2: x(at), y1: 0, y2: height - 24, class: "mark-line" }),
      svg("text", { x: x(at), y: height - 8, "text-anchor": "middle", class: "mark-text" }, moment.format(at)));
  }
  lanes.forEach((l, i) => {
    drawn.append(svg("text", { x: 0, y: i * line + 25, class: "lane-title" }, l.title));
    for (const span of l.spans) {
      const wide = Math.max(2, x(span.to) - x(span.from));
      drawn.append(svg("rect", { x: x(span.from), y: i * line + 7, width: wide, height: line - 14, rx: 3, class: "span-" + span.kind },
        svg("title", {}, `${records[kindWords[span.kind]]} ${span.text}`)));
      const said = wide > 130 ? `${records[kindWords[span.kind]]} ${span.text}` : span.text;
      if (wide > 44) {
        drawn.append(svg("text", { x: x(span.from) + wide / 2, y: i * line + 25, "text-anchor": "middle", class: "span-text" }, said));
      }
    }
  });
  return drawn;
}

/** @type {Record<string, string>} */
const kindWords = { wait: "SpanWait", talk: "SpanTalk", ring: "SpanRing", missed: "SpanMissed", agent: "SpanAgent" };

/**
 * Round moments for the scale.
 * @param {number} from
 * @param {number} to
 */
function marks(from, to) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400].map((s) => s * 1000);
  const step = steps.find((s) => (to - from) / s <= 7) ?? 86400000;
  const all = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) all.push(at);
  return all;
}

function legend() {
  return el("p", { class: "legend soft" }, ...Object.entries(kindWords).map(([kind, word]) => {
    const swatch = svg("svg", { viewBox: "0 0 12 12", class: "swatch" }, svg("rect", { width: 12, height: 12, rx: 2, class: "span-" + kind }));
    return el("span", {}, swatch, records[word]);
  }));
}

/** @type {Record<string, string>} */
const hangers = { caller: records.ByCaller, agent: records.ByAgent, operator: records.ByOperator };

/**
 * @param {any[]} visits
 * @param {any[]} offers
 */
function details(visits, offers) {
  const at = (/** @type {string|undefined} */ text) => (text ? moment.format(ms(text)) : "");
  const answered = (/** @type {any} */ v) => (answerOf(v) ? moment.format(answerOf(v)) : "");
  return el("div", {},
    el("h3", {}, records.Visits),
    plainTable([
      { title: "#", show: (v) => v.visit },
      { title: words.Desk.Group, show: (v) => v.group },
      { title: records.Arrived, show: (v) => at(v.arrived) },
      { title: records.Answered, show: answered },
      { title: records.Ended, show: (v) => at(v.ended) },
      { title: words.Figures.Hold, number: true, show: (v) => length(v.hold_ms) },
      { title: words.Figures.WrapUp, number: true, show: (v) => length(v.wrap_up_ms) },
      { title: words.AgentPage.Outcome, show: (v) => words.Outcomes[v.outcome] ?? v.outcome },
      { title: records.HungUpBy, show: (v) => hangers[v.hung_up_by] ?? v.hung_up_by ?? "" },
      { title: records.TransferredTo, show: (v) => v.transferred_to ?? "" },
      { title: records.Recordings, show: (v) => (v.recordings ?? [v.recording]).filter(Boolean).join(" ") },
    ], visits, ""),
    el("h3", {}, records.Offers),
    plainTable([
      { title: records.Agent, show: (o) => o.agent },
      { title: words.Desk.Group, show: (o) => o.group },
      { title: records.Offered, show: (o) => at(o.offered) },
      { title: records.Answered, show: (o) => at(o.answered) },
      { title: records.Ended, show: (o) => at(o.ended) },
      { title: words.Figures.Hold, number: true, show: (o) => length(o.hold_ms) },
      { title: words.Figures.WrapUp, number: true, show: (o) => length(o.wrap_up_ms) },
      { title: words.AgentPage.Outcome, show: (o) => (words.OfferOutcomes[o.outcome] ?? o.outcome) + (o.cause ? ` (${o.cause})` : "") },
    ], offers, records.NoOffers));
}
