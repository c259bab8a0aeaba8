// The agent's own page: own state, the caller, own groups, and the figures of today.
import "./look.js";
import { at, call, order } from "./api.js";
import { reasons } from "./act.js";
import { CallerCard } from "./agentcaller.js";
import { DayCard } from "./agentday.js";
import { keepGroups, logIn } from "./agentlogin.js";
import { byID, el, setAttribute, setText } from "./dom.js";
import { begun, follow, now, rows } from "./live.js";
import { toLogin } from "./session.js";
import { stateNodes, stateNote } from "./show.js";
import { clock } from "./time.js";
import { fill, words } from "./words.js";

const page = words.AgentPage;
const own = document.body.dataset.extension ?? "";
const path = "/agents/" + at(own);

/** @type {Map<string, string>} */
const reasonNames = new Map();

const state = el("div", { class: "own-state", "aria-live": "polite" });
const note = el("p", { class: "own-note" });
const timer = el("p", { class: "own-timer" });
const button = (/** @type {string} */ label, /** @type {string} */ className, /** @type {() => void} */ onclick) =>
  el("button", { type: "button", class: className, onclick }, label);
const ready = button(page.GetReady, "main big", () => order(page.GetReady, () => call("POST", path + "/ready")));
const more = button(page.More, "big", () => order(page.More, () => call("POST", path + "/wrap", { seconds: 30 })));
const pauses = el("div", { class: "pauses", role: "group", "aria-label": page.Pause });
const enter = button(page.LogIn, "main big", () => logIn(own));
const logOut = button(page.LogOut, "quiet", () => order(page.LogOut, () => call("POST", path + "/logout")));
const caller = new CallerCard();
const day = new DayCard(own);
const lines = el("div", { class: "lines" });
const main = el("section", { class: "own card-wide", hidden: true },
  el("div", { class: "own-now" }, el("span", { class: "soft" }, page.You), state, timer, note),
  el("div", { class: "own-do" }, ready, more, enter, pauses, logOut));
const missing = el("div", { class: "nothing", hidden: true }, fill(page.NotAnAgent, own));
byID("agent").append(main, missing, el("div", { class: "two" }, caller.element,
  el("div", { class: "column" }, day.element, el("section", { class: "card-wide" }, el("h2", {}, page.Queues), lines))));

const agent = () => rows.all.agents.get(own);

/** @param {string} code "" = no reason */
function pause(code) {
  const name = reasonNames.get(code) ?? page.PauseWithout;
  order(name, () => call("POST", path + "/busy", code ? { reason: code } : undefined));
}

async function showReasons() {
  const all = await reasons();
  for (const reason of all) reasonNames.set(reason.code, reason.name || reason.code);
  const codes = all.length ? all.map((r) => r.code) : [""];
  pauses.replaceChildren(...codes.map((code) => {
    const made = button(reasonNames.get(code) ?? page.Pause, "pause", () => pause(code));
    made.dataset.reason = code;
    return made;
  }));
  show();
}

function show() {
  if (!begun) return;
  const a = agent();
  missing.hidden = Boolean(a);
  main.hidden = !a;
  caller.show(a, a?.call ? rows.all.calls.get(a.call) : undefined);
  day.note(a);
  showLines(a);
  if (!a) return;
  keepGroups(a);
  if (main.dataset.state !== a.state) {
    main.dataset.state = a.state;
    state.className = "own-state s-" + a.state;
    state.replaceChildren(...stateNodes(a.state));
  }
  const down = a.state === "down";
  const inCall = a.state === "talking" || a.state === "ring";
  ready.hidden = down || a.state === "ready" || (inCall && !a.deferred);
  more.hidden = a.state !== "typing";
  enter.hidden = !down;
  logOut.hidden = down;
  pauses.hidden = down;
  for (const b of pauses.children) {
    setAttribute(b, "aria-pressed", String(a.state === "busy" && (b.getAttribute("data-reason") ?? "") === (a.reason ?? "")));
  }
  showTimes(a);
}

/** @param {any} a */
function showTimes(a) {
  if (a.state === "typing" && a.wrap_until) {
    setText(timer, clock(a.wrap_until - now() + 999));
    setText(note, page.WrapUpLeft);
  } else {
    setText(timer, a.since ? clock(now() - a.since) : "");
    const deferred = a.deferred === "logout" ? page.AfterCallLogout : page.AfterCall;
    setText(note, a.deferred ? deferred : stateNote(a, now(), reasonNames));
  }
}

/** @param {any} a */
function showLines(a) {
  const groups = (a?.groups ?? []).map((/** @type {string} */ number) => rows.all.groups.get(number)).filter(Boolean);
  if (groups.length === 0) {
    lines.replaceChildren(el("p", { class: "soft" }, page.NoGroup));
    return;
  }
  lines.replaceChildren(...groups.map((/** @type {any} */ g) => el("div", { class: "line" },
    el("span", { class: "line-name" }, g.number, " ", g.name && g.name !== g.number ? g.name : ""),
    el("span", { class: "line-waiting" + (g.waiting ? "" : " zero") }, el("b", {}, g.waiting), " ", page.Waiting),
    el("span", { class: "line-longest soft" }, g.waiting_since ? clock(now() - g.waiting_since) : ""))));
}

follow({
  onRows: show,
  onSecond() {
    if (!begun) return;
    const a = agent();
    if (a) showTimes(a);
    showLines(a);
    caller.second();
  },
  onOut: toLogin,
});
showReasons();
