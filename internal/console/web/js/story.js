// The story of one call: the picture of the server, and its visits and offers as tables.
import { at as inPath } from "./api.js";
import { el } from "./dom.js";
import { plainTable } from "./adminparts.js";
import { picture } from "./picture.js";
import { length } from "./time.js";
import { words } from "./words.js";

const records = words.Records;
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium", hourCycle: "h23" });

/** @param {string|undefined} text */
const ms = (text) => (text ? Date.parse(text) : 0);

/**
 * @param {string} uuid
 * @returns {Promise<{visits: any[], offers: any[], shown: Element}>}
 */
export async function story(uuid) {
  const question = new URLSearchParams({ format: "svg", language: document.documentElement.lang });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && zone !== "Etc/Unknown") question.set("zone", zone);
  const { drawn, data: { visits, offers } } = await picture(`/calls/${inPath(uuid)}/story?${question}`);
  return { visits, offers, shown: el("div", { class: "story" }, drawn, details(visits, offers)) };
}

/**
 * When the wait of a visit ended with an answer, as the reports count it; 0 = no agent talked with the
 * caller. A later transfer bridges the caller again, and the wait is not longer for it.
 * @param {any} visit
 */
export const answerOf = (visit) => (visit.bridged ? ms(visit.answered ?? visit.bridged) : 0);

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
