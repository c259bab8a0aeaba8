// Agents, with their settings and groups.
import { at, call } from "./api.js";
import { el } from "./dom.js";
import { action, edit, goTo, heading, input, plainTable, remove } from "./adminparts.js";
import { settingsForm } from "./adminsettings.js";
import { words } from "./words.js";

const admin = words.Admin;

/** @type {import("./admin.js").Section} */
export const agents = {
  id: "agents", title: admin.Agents,
  async show(root, id) {
    if (id) await showOne(root, id);
    else await showAll(root);
  },
};

/** @param {HTMLElement} root */
async function showAll(root) {
  const { items } = await call("GET", "/agents");
  const body = el("div", {});
  const search = el("input", { type: "search", placeholder: words.Desk.Search, "aria-label": words.Desk.Search, oninput: () => show() });
  const show = () => {
    const q = search.value.trim().toLowerCase();
    const found = items.filter((/** @type {any} */ a) => !q || `${a.extension} ${a.name} ${a.job_number}`.toLowerCase().includes(q));
    body.replaceChildren(plainTable([
      { title: words.Desk.Extension, show: (a) => el("a", { href: "/ui/admin?" + new URLSearchParams({ s: "agents", id: a.extension }) }, a.extension) },
      { title: words.Desk.Name, show: (a) => a.name },
      { title: admin.JobNumber, show: (a) => a.job_number },
      { title: words.Desk.Groups1, show: (a) => a.groups.join(" ") },
      { title: admin.Phone, show: (a) => (a.reg_state === "reged" ? admin.Registered : words.Desk.NoPhone) },
    ], found, items.length ? words.Desk.NoMatch : words.Desk.NoAgentsText));
  };
  show();
  root.append(heading(admin.Agents, admin.AgentsLead, search, action(admin.Add, add, "main")), body);
}

function add() {
  edit({
    title: admin.AddAgent, submit: admin.Add, text: admin.AddAgentText,
    fields: [input(words.Desk.Extension, "extension", { required: true, maxlength: 20 }),
      input(admin.PhonePassword, "password", { required: true, maxlength: 100, type: "password", autocomplete: "new-password" })],
    run: (data) => call("POST", "/agents", { extension: data.get("extension"), password: data.get("password") }),
    then: (made) => goTo("agents", made.extension),
  });
}

/**
 * @param {HTMLElement} root
 * @param {string} id
 */
async function showOne(root, id) {
  const path = "/agents/" + at(id);
  const agent = await call("GET", path);
  root.append(
    el("p", {}, el("a", { href: "/ui/admin?s=agents" }, "← " + admin.Agents)),
    heading(`${agent.extension} ${agent.name ?? ""}`, admin.SettingsLead,
      action(admin.Remove, () => remove(agent.extension, path, () => goTo("agents")), "danger-quiet")),
    await settingsForm("agents", agent.settings ?? agent, path),
    heading(words.Desk.Groups1, agent.groups.join(" ") || admin.NoMembers));
}
