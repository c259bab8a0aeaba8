// What one can do with an agent or a call, as the role allows. The server checks it again.
import { at, call, order, textOf, toast } from "./api.js";
import { ask, choice, ticks } from "./dialog.js";
import { rows } from "./live.js";
import { allowed, changesOf, field, settingsOf } from "./settingfields.js";
import { nameOf } from "./show.js";
import { fill, words } from "./words.js";

const act = words.Act;

/** Whether this viewer may act on other agents and their calls. */
export const mayAct = ["supervisor", "admin"].includes(document.body.dataset.role ?? "");

/** @type {Promise<{code: string, name: string}[]>|undefined} */
let known;

/** The reasons for a pause that are in use. */
export function reasons() {
  known ??= call("GET", "/reasons").then(
    (answer) => answer.items.filter((/** @type {any} */ r) => r.active !== false)
      .map((/** @type {any} */ r) => ({ ...r, name: reasonName(r) })), () => []);
  return known;
}

/** The names of the reasons that the program ships. */
const shipped = /** @type {Record<string, string>} */ ({ break: "Break", lunch: "Lunch", training: "Training", meeting: "Meeting" });

/**
 * The name of a reason. A shipped one that still has its own name is in the language of the page.
 * @param {any} reason
 */
function reasonName(reason) {
  return reason.name === shipped[reason.code] ? words.Reasons[reason.code] ?? reason.name : reason.name;
}

/** @param {any} group */
export const groupTitle = (group) => (group.name && group.name !== group.number ? `${group.number} ${group.name}` : group.number);

/**
 * @param {any} group
 * @returns {import("./dialog.js").Item[]}
 */
export const groupItems = (group) => [{ label: act.Thresholds, act: () => thresholds(group) }];

/**
 * Asks for the settings of a group that a supervisor may change: when the desk and the wall warn.
 * @param {any} group
 */
async function thresholds(group) {
  const path = "/groups/" + at(group.number);
  const what = `${groupTitle(group)}: ${act.Thresholds.replace("…", "")}`;
  let all;
  let values;
  try {
    [all, { settings: values }] = await Promise.all([settingsOf("groups"), call("GET", path)]);
  } catch (fault) {
    toast(`${what}: ${textOf(fault)}`, true);
    return;
  }
  const mine = all.filter((s) => s.role === "supervisor");
  const done = await ask({
    title: fill(act.ThresholdsTitle, groupTitle(group)), text: act.ThresholdsText, submit: words.Admin.Save,
    fields: mine.map((s) => field(s, values[s.key])), check: (form) => allowed(form, mine),
    async run(filled) {
      const changes = changesOf(mine, values, filled);
      if (Object.keys(changes).length > 0) await call("PATCH", path, changes);
    },
  });
  if (done) toast(fill(act.Done, what));
}

/** @param {any} agent */
const titleOf = (agent) => (agent.name && agent.name !== agent.extension ? `${agent.extension} ${agent.name}` : agent.extension);

/**
 * @param {any} agent
 * @returns {import("./dialog.js").Item[]}
 */
export function agentItems(agent) {
  const path = "/agents/" + at(agent.extension);
  const title = titleOf(agent);
  /** @type {import("./dialog.js").Item[]} */
  const items = [];
  const add = (/** @type {string} */ label, /** @type {() => void} */ run, danger = false) =>
    items.push({ label, act: run, danger });
  if (agent.state === "down") {
    add(act.LogIn + "…", () => logIn(agent));
  } else {
    if (agent.state !== "ready" && agent.state !== "talking" && agent.state !== "ring" || agent.deferred) {
      add(act.MakeReady, () => order(`${title}: ${act.MakeReady}`, () => call("POST", path + "/ready")));
    }
    add(act.Pause + "…", () => pause(agent));
    if (agent.state === "typing") {
      add(act.WrapMore, () => order(`${title}: ${act.WrapMore}`, () => call("POST", path + "/wrap", { seconds: 30 })));
    }
    add(act.LogOut + "…", () => logOut(agent));
  }
  add(act.Membership, () => membership(agent));
  if (agent.call) items.push(...callItems({
    uuid: agent.call, number: agent.caller, name: agent.caller_name, hidden: agent.hidden, agent: agent.extension, group: agent.call_group,
  }));
  return items;
}

/**
 * @param {any} one a call
 * @returns {import("./dialog.js").Item[]}
 */
export function callItems(one) {
  return [
    { label: act.Transfer, act: () => transfer(one) },
    { label: act.Move, act: () => move(one) },
    { label: act.HangUp, danger: true, act: () => hangUp(one) },
  ];
}

/** @param {any} agent */
export async function pause(agent) {
  const options = [{ value: "", text: act.NoReason },
    ...(await reasons()).map((r) => ({ value: r.code, text: r.name || r.code }))];
  const answer = await ask({
    title: fill(act.PauseTitle, titleOf(agent)), submit: act.Pause,
    fields: options.length > 1 ? [choice(act.Reason, "reason", options)] : [],
  });
  if (!answer) return;
  const reason = answer.get("reason");
  await order(`${titleOf(agent)}: ${act.Pause}`,
    () => call("POST", `/agents/${at(agent.extension)}/busy`, reason ? { reason } : undefined));
}

/** @param {string[]} ticked */
function groupTicks(ticked) {
  const all = [...rows.all.groups.values()].sort((a, b) => a.number.localeCompare(b.number, undefined, { numeric: true }));
  return ticks("group", all.map((g) => ({
    value: g.number, text: `${g.number} ${g.name ?? ""}`, ticked: ticked.includes(g.number),
  })));
}

/** @param {any} agent */
async function logIn(agent) {
  const answer = await ask({
    title: fill(act.LogInTitle, titleOf(agent)), text: act.LogInText, submit: act.LogIn, fields: [groupTicks(agent.groups)],
  });
  const groups = answer?.getAll("group") ?? [];
  if (groups.length === 0) return;
  await order(`${titleOf(agent)}: ${act.LogIn}`, () => call("POST", `/agents/${at(agent.extension)}/login`, { groups }));
}

/** @param {any} agent */
async function logOut(agent) {
  const title = fill(act.LogOutTitle, titleOf(agent));
  if (!(await ask({ title, text: act.LogOutText, submit: act.LogOut }))) return;
  await order(`${titleOf(agent)}: ${act.LogOut}`, () => call("POST", `/agents/${at(agent.extension)}/logout`));
}

/** @param {any} agent */
async function membership(agent) {
  const answer = await ask({
    title: fill(act.MembershipTitle, titleOf(agent)), text: act.MembershipText, submit: act.Do,
    fields: [groupTicks(agent.groups)],
  });
  if (!answer) return;
  const wanted = answer.getAll("group").map(String);
  const seen = [...rows.all.groups.keys()];
  const path = (/** @type {string} */ group) => `/groups/${at(group)}/members/${at(agent.extension)}`;
  for (const group of seen) {
    const is = agent.groups.includes(group);
    if (is === wanted.includes(group)) continue;
    await order(`${titleOf(agent)}: ${is ? "−" : "+"}${group}`, () => call(is ? "DELETE" : "PUT", path(group)));
  }
}

/** @param {any} one */
async function transfer(one) {
  const rank = (/** @type {any} */ a) => (a.state === "ready" ? 0 : a.state === "down" ? 2 : 1);
  const agents = [...rows.all.agents.values()].filter((a) => a.extension !== one.agent)
    .sort((a, b) => rank(a) - rank(b) || a.extension.localeCompare(b.extension, undefined, { numeric: true }));
  if (agents.length === 0) return toast(act.NoOtherAgent, true);
  const answer = await ask({
    title: fill(act.TransferTitle, nameOf(one)), text: act.TransferText, submit: act.Transfer.replace("…", ""),
    fields: [choice(act.ToAgent, "agent", agents.map((a) => ({
      value: a.extension, text: `${titleOf(a)} · ${words.States[a.state] ?? a.state}`,
    })))],
  });
  if (!answer) return;
  await order(`${nameOf(one)} → ${answer.get("agent")}`,
    () => call("POST", `/calls/${at(one.uuid)}/transfer`, { extension: answer.get("agent") }));
}

/** @param {any} one */
async function move(one) {
  const groups = [...rows.all.groups.values()].filter((g) => g.number !== one.group)
    .sort((a, b) => a.number.localeCompare(b.number, undefined, { numeric: true }));
  if (groups.length === 0) return toast(act.NoOtherGroup, true);
  const answer = await ask({
    title: fill(act.MoveTitle, nameOf(one)), text: act.MoveText, submit: act.Move.replace("…", ""),
    fields: [choice(act.ToGroup, "group", groups.map((g) => ({ value: g.number, text: `${g.number} ${g.name ?? ""}` })))],
  });
  if (!answer) return;
  await order(`${nameOf(one)} → ${answer.get("group")}`,
    () => call("POST", "/calls", { uuid: one.uuid, group: answer.get("group") }));
}

/** @param {any} one */
async function hangUp(one) {
  const title = fill(act.HangUpTitle, nameOf(one));
  if (!(await ask({ title, text: act.HangUpText, submit: act.HangUpAgain, danger: true }))) return;
  await order(`${nameOf(one)}: ${act.HangUp.replace("…", "")}`, () => call("DELETE", "/calls/" + at(one.uuid)));
}
