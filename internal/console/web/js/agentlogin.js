// An agent logs in to groups. A logout ends all memberships, so the page keeps the groups of last time.
import { at, call, toast } from "./api.js";
import { ask, ticks } from "./dialog.js";
import { el } from "./dom.js";
import { fill, words } from "./words.js";

const page = words.AgentPage;
const key = (/** @type {string} */ extension) => "nwayacd groups " + extension;

/**
 * Keeps the groups of an agent who is logged in.
 * @param {any} agent
 */
export function keepGroups(agent) {
  if (agent.state === "down" || agent.groups.length === 0) return;
  const groups = agent.groups.join(",");
  if (localStorage.getItem(key(agent.extension)) !== groups) localStorage.setItem(key(agent.extension), groups);
}

/**
 * Asks for the groups, and logs in.
 * @param {string} extension
 */
export async function logIn(extension) {
  const path = "/agents/" + at(extension);
  const before = localStorage.getItem(key(extension)) ?? "";
  const done = await ask({
    title: page.LogIn, text: page.LogInText, submit: page.LogIn, fields: [await groupsField(path, before)],
    run(data) {
      const groups = data.getAll("groups").flatMap((text) => String(text).split(/[\s,]+/)).filter(Boolean);
      if (groups.length === 0) throw new Error(page.NoGroupChosen);
      return call("POST", path + "/login", { groups });
    },
  });
  if (done) toast(fill(words.Act.Done, page.LogIn));
}

/**
 * The groups that the agent may log in to, to tick, or a field for their numbers if those are all.
 * @param {string} path
 * @param {string} before the groups of last time, with commas
 */
async function groupsField(path, before) {
  const own = await call("GET", path).catch(() => ({}));
  const allowed = String(own.settings?.allowed_groups ?? "").split(",").filter(Boolean);
  const chosen = before.split(",");
  if (allowed.length > 0) {
    return ticks("groups", allowed.map((value) => ({ value, text: value, ticked: !before || chosen.includes(value) })));
  }
  return el("label", {}, page.LogInGroups, el("input", { name: "groups", value: before, required: true, maxlength: 1000, autofocus: true }));
}
