// Groups, with their settings and members.
import { at, call, order } from "./api.js";
import { choice, ticks, ask } from "./dialog.js";
import { el } from "./dom.js";
import { action, changed, edit, goTo, heading, input, plainTable, remove } from "./adminparts.js";
import { settingsForm } from "./adminsettings.js";
import { fill, words } from "./words.js";

const admin = words.Admin;

/** The ways to choose an agent, by their number. */
const modes = () => Object.entries(words.Modes).map(([value, text]) => ({ value, text }));

/** @type {import("./admin.js").Section} */
export const groups = {
  id: "groups", title: admin.Groups,
  async show(root, id) {
    if (id) await showOne(root, id);
    else await showAll(root);
  },
};

/** @param {HTMLElement} root */
async function showAll(root) {
  const { items } = await call("GET", "/groups");
  root.append(heading(admin.Groups, admin.GroupsLead, action(admin.Add, add, "main")),
    plainTable([
      { title: words.Figures.Group, show: (g) => el("a", { href: link(g.group) }, g.group) },
      { title: admin.Name, show: (g) => g.name },
      { title: admin.Mode, show: (g) => words.Modes[g.mode] ?? g.mode_name },
      { title: words.Figures.Members, number: true, show: (g) => g.members.length },
      { title: words.Figures.Waiting, number: true, show: (g) => g.waiting },
    ], items, admin.NoGroups));
}

/** @param {string} group */
const link = (group) => "/ui/admin?" + new URLSearchParams({ s: "groups", id: group });

function add() {
  edit({
    title: admin.AddGroup, submit: admin.Add,
    fields: [input(admin.GroupNumber, "group", { required: true, maxlength: 20 }), choice(admin.Mode, "mode", modes())],
    run: (data) => call("POST", "/groups", { group: data.get("group"), mode: Number(data.get("mode")) }),
    then: (made) => goTo("groups", made.group),
  });
}

/**
 * @param {HTMLElement} root
 * @param {string} id
 */
async function showOne(root, id) {
  const path = "/groups/" + at(id);
  const group = await call("GET", path);
  const agents = (await call("GET", "/agents")).items;
  root.append(
    el("p", {}, el("a", { href: "/ui/admin?s=groups" }, "← " + admin.Groups)),
    heading(`${group.group} ${group.name ?? ""}`, admin.SettingsLead,
      action(admin.Remove, () => remove(group.group, path, () => goTo("groups")), "danger-quiet")),
    await settingsForm("groups", group.settings ?? group, path),
    heading(admin.Members, fill(admin.MembersLead, group.members.length), action(admin.Change, () => members(group, agents))),
    plainTable([
      { title: words.Desk.Extension, show: (a) => el("a", { href: "/ui/admin?" + new URLSearchParams({ s: "agents", id: a.extension }) }, a.extension) },
      { title: words.Desk.Name, show: (a) => a.name },
    ], agents.filter((/** @type {any} */ a) => group.members.includes(a.extension)), admin.NoMembers));
}

/**
 * @param {any} group
 * @param {any[]} agents
 */
async function members(group, agents) {
  const answer = await ask({
    title: fill(admin.MembersOf, group.group), text: words.Act.MembershipText, submit: admin.Save,
    fields: [ticks("member", agents.map((a) => ({
      value: a.extension, text: `${a.extension} ${a.name ?? ""}`, ticked: group.members.includes(a.extension),
    })))],
  });
  if (!answer) return;
  const wanted = answer.getAll("member").map(String);
  for (const { extension } of agents) {
    const is = group.members.includes(extension);
    if (is === wanted.includes(extension)) continue;
    const path = `/groups/${at(group.group)}/members/${at(extension)}`;
    if (!(await order(`${group.group}: ${is ? "−" : "+"}${extension}`, () => call(is ? "DELETE" : "PUT", path)))) break;
  }
  changed();
}
