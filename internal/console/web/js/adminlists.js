// Callers who are served first, numbers that are refused, and reasons for a pause.
import { at, call } from "./api.js";
import { action, edit, heading, input, mustBeNew, plainTable, remove, tick } from "./adminparts.js";
import { words } from "./words.js";

const admin = words.Admin;

/**
 * @param {string} number
 * @param {string} group
 */
const vipPath = (number, group) => "/vips/" + at(number) + (group ? "?group=" + at(group) : "");

/** @type {import("./admin.js").Section} */
export const vips = {
  id: "vips", title: admin.VIPs,
  async show(root) {
    const { items } = await call("GET", "/vips");
    root.append(heading(admin.VIPs, admin.VIPsLead, action(admin.Add, () => edit({
      title: admin.AddVIP, submit: admin.Add,
      fields: [input(words.Desk.Number, "number", { required: true, maxlength: 50 }), input(admin.OnlyGroup, "group", { maxlength: 50 })],
      run: (data) => call("PUT", vipPath(String(data.get("number")), String(data.get("group")))),
    }), "main")),
    plainTable([
      { title: words.Desk.Number, show: (v) => v.number },
      { title: words.Desk.Group, show: (v) => v.group || words.Desk.AllGroups },
      { title: "", number: true, show: (v) => action(admin.Remove, () => remove(v.number, vipPath(v.number, v.group)), "quiet") },
    ], items, admin.NoEntries));
  },
};

/** @type {import("./admin.js").Section} */
export const blacklist = {
  id: "blacklist", title: admin.Blacklist,
  async show(root) {
    const { items } = await call("GET", "/blacklist");
    root.append(heading(admin.Blacklist, admin.BlacklistLead, action(admin.Add, () => edit({
      title: admin.AddBlacklisted, submit: admin.Add,
      fields: [input(words.Desk.Number, "number", { required: true, maxlength: 50 }), input(admin.OnlyGroup, "group", { maxlength: 50 }),
        input(admin.Expires, "expires", { type: "datetime-local" })],
      run(data) {
        const expires = data.get("expires");
        return call("PUT", "/blacklist/" + at(String(data.get("number"))), {
          category: 0, group: data.get("group") || undefined,
          expires: expires ? new Date(String(expires)).toISOString() : undefined,
        });
      },
    }), "main")),
    plainTable([
      { title: words.Desk.Number, show: (b) => b.number },
      { title: words.Desk.Group, show: (b) => b.group || words.Desk.AllGroups },
      { title: admin.Dialled, show: (b) => b.dialled ?? "" },
      { title: admin.Expires, show: (b) => (b.expires ? new Date(b.expires).toLocaleString(document.documentElement.lang) : admin.Never) },
      { title: "", number: true, show: (b) => action(admin.Remove, () => remove(b.number, "/blacklist/" + at(b.number)), "quiet") },
    ], items, admin.NoEntries));
  },
};

/**
 * @param {any[]} all
 * @param {any} [reason] none = a new one
 */
function editReason(all, reason) {
  edit({
    title: reason ? reason.code : admin.AddReason, submit: reason ? admin.Save : admin.Add,
    fields: [
      ...(reason ? [] : [input(admin.Code, "code", { required: true, maxlength: 20, pattern: "[a-z0-9_\\-]+", title: admin.CodeRule })]),
      input(admin.Name, "name", { required: true, maxlength: 50, value: reason?.name }),
      input(admin.Position, "position", { type: "number", min: 0, max: 1000, value: reason?.position ?? 0 }),
      tick(admin.Paid, "paid", reason?.paid ?? true), tick(admin.Active, "active", reason?.active ?? true),
    ],
    run(data) {
      const code = reason?.code ?? String(data.get("code"));
      if (!reason) mustBeNew(all.map((r) => r.code), code);
      return call("PUT", "/reasons/" + at(code), {
        name: data.get("name"), position: Number(data.get("position")), paid: data.has("paid"), active: data.has("active"),
      });
    },
  });
}

/** @type {import("./admin.js").Section} */
export const reasons = {
  id: "reasons", title: admin.Reasons,
  async show(root) {
    const { items } = await call("GET", "/reasons");
    root.append(heading(admin.Reasons, admin.ReasonsLead, action(admin.Add, () => editReason(items), "main")),
      plainTable([
        { title: admin.Code, show: (r) => r.code },
        { title: admin.Name, show: (r) => r.name },
        { title: admin.Paid, show: (r) => (r.paid ? admin.Yes : admin.No) },
        { title: admin.Active, show: (r) => (r.active ? admin.Yes : admin.No) },
        { title: "", number: true, show: (r) => action(admin.Change, () => editReason(items, r), "quiet") },
        { title: "", number: true, show: (r) => action(admin.Remove, () => remove(r.code, "/reasons/" + at(r.code)), "quiet") },
      ], items, admin.NoEntries));
  },
};

