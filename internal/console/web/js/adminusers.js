// Users, tokens and sessions.
import { at, call } from "./api.js";
import { choice } from "./dialog.js";
import { el } from "./dom.js";
import { action, changed, edit, heading, input, listOf, mustBeNew, plainTable, remove, showSecret, tick } from "./adminparts.js";
import { date } from "./time.js";
import { words } from "./words.js";

const admin = words.Admin;

/** @param {string[]} names */
const roleChoice = (names, chosen = "") => {
  const made = choice(admin.Role, "role", names.map((r) => ({ value: r, text: words.Roles[r] ?? r })));
  const select = made.querySelector("select");
  if (select && chosen) select.value = chosen;
  return made;
};

/** @param {string} [chosen] */
function languageChoice(chosen) {
  const made = choice(words.Look.Language, "language", [
    { value: "", text: admin.AsTheBrowser }, { value: "en", text: "English" }, { value: "zh", text: "中文" }]);
  const select = made.querySelector("select");
  if (select) {
    select.required = false;
    select.value = chosen ?? "";
  }
  return made;
}

/** @param {string|undefined} at */
const when = (at) => (at ? date(Date.parse(at)) : "–");

/**
 * @param {any[]} all
 * @param {any} [user] none = a new one
 */
function editUser(all, user) {
  edit({
    title: user ? user.name : admin.AddUser, submit: user ? admin.Save : admin.Add, text: user ? undefined : admin.AddUserText,
    fields: [
      ...(user ? [] : [input(words.Login.Name, "name", { required: true, maxlength: 64, pattern: "[a-z0-9._@\\-]+", title: admin.NameRule })]),
      roleChoice(["wall", "read", "agent", "supervisor", "admin"], user?.role ?? "read"),
      input(admin.UserGroups, "groups", { value: user?.groups?.join(", "), maxlength: 1000 }),
      input(words.Desk.Extension, "extension", { value: user?.extension, maxlength: 20 }),
      languageChoice(user?.language),
      ...(user ? [tick(admin.Disabled, "disabled", user.disabled)] : []),
    ],
    run(data) {
      const name = user?.name ?? String(data.get("name"));
      if (!user) mustBeNew(all.map((u) => u.name), name);
      return call("PUT", "/users/" + at(name), {
        role: data.get("role"), groups: listOf(String(data.get("groups"))), disabled: data.has("disabled"),
        ...given("extension", data.get("extension")), ...given("language", data.get("language")),
      });
    },
    then: (made) => (made.password ? showSecret(`${admin.PasswordMade}: ${made.user.name}`, made.password) : changed()),
  });
}

/**
 * A field of a body, if it has a value.
 * @param {string} name
 * @param {any} value
 */
const given = (name, value) => (value ? { [name]: value } : {});

/** @param {any} user */
function newPassword(user) {
  edit({
    title: admin.NewPassword, text: admin.NewPasswordText, fields: [], submit: admin.Make,
    run: () => call("PUT", "/users/" + at(user.name), {
      role: user.role, groups: user.groups, disabled: user.disabled, make_password: true,
      ...given("extension", user.extension), ...given("language", user.language),
    }),
    then: (made) => showSecret(`${admin.PasswordMade}: ${user.name}`, made.password),
  });
}

/** @type {import("./admin.js").Section} */
export const users = {
  id: "users", title: admin.Users,
  async show(root) {
    const { items } = await call("GET", "/users");
    root.append(heading(admin.Users, admin.UsersLead, action(admin.Add, () => editUser(items), "main")),
      plainTable([
        { title: words.Login.Name, show: (u) => u.name },
        { title: admin.Role, show: (u) => words.Roles[u.role] ?? u.role },
        { title: words.Desk.Groups1, show: (u) => (u.groups ?? []).join(" ") },
        { title: words.Desk.Extension, show: (u) => u.extension ?? "" },
        { title: words.Desk.State, show: (u) => (u.disabled ? admin.Disabled : u.must_change ? admin.MustChange : admin.Active) },
        {
          title: "", number: true,
          show: (u) => el("span", { class: "row-tools" }, action(admin.Change, () => editUser(items, u), "quiet"),
            action(admin.NewPassword, () => newPassword(u), "quiet"),
            action(admin.Remove, () => remove(u.name, "/users/" + at(u.name)), "quiet")),
        },
      ], items, admin.NoEntries));
  },
};

/** @type {import("./admin.js").Section} */
export const tokens = {
  id: "tokens", title: admin.Tokens,
  async show(root) {
    const { items } = await call("GET", "/tokens");
    root.append(heading(admin.Tokens, admin.TokensLead, action(admin.Add, () => addToken(items), "main")),
      plainTable([
        { title: admin.Name, show: (t) => t.name },
        { title: admin.Role, show: (t) => words.Roles[t.role] ?? t.role },
        { title: words.Desk.Groups1, show: (t) => (t.groups ?? []).join(" ") },
        { title: admin.CreatedBy, show: (t) => t.created_by ?? "" },
        { title: admin.LastUsed, show: (t) => t.last_used ?? "–" },
        { title: admin.Expires, show: (t) => (t.expires ? when(t.expires) : admin.Never) },
        { title: "", number: true, show: (t) => action(admin.Remove, () => remove(t.name, "/tokens/" + at(t.name)), "quiet") },
      ], items, admin.NoEntries));
  },
};

/** @param {any[]} all */
function addToken(all) {
  edit({
    title: admin.AddToken, submit: admin.Add, text: admin.AddTokenText,
    fields: [input(admin.Name, "name", { required: true, maxlength: 64, pattern: "[a-z0-9._@\\-]+", title: admin.NameRule }),
      roleChoice(["wall", "read", "supervisor", "admin", "metrics", "directory"]),
      input(admin.UserGroups, "groups", { value: "*", maxlength: 1000 }),
      input(admin.Expires, "expires", { type: "datetime-local" })],
    run(data) {
      const name = String(data.get("name"));
      mustBeNew(all.map((t) => t.name), name);
      const expires = data.get("expires");
      return call("PUT", "/tokens/" + at(name), {
        role: data.get("role"), groups: listOf(String(data.get("groups"))),
        ...given("expires", expires && new Date(String(expires)).toISOString()),
      });
    },
    then(made) {
      if (made.token.role === "wall") showSecret(admin.WallLink, `${location.origin}/ui/wall#${made.key}`);
      else showSecret(admin.TokenMade, made.key);
    },
  });
}

/** @type {import("./admin.js").Section} */
export const sessions = {
  id: "sessions", title: admin.Sessions,
  async show(root) {
    const { items } = await call("GET", "/sessions");
    root.append(heading(admin.Sessions, admin.SessionsLead),
      plainTable([
        { title: words.Login.Name, show: (s) => s.user || s.token },
        { title: admin.Source, show: (s) => s.source },
        { title: admin.Browser, show: (s) => el("span", { class: "browser", title: s.browser }, s.browser) },
        { title: admin.Begun, show: (s) => when(s.created) },
        { title: admin.Seen, show: (s) => when(s.seen) },
        { title: "", number: true, show: (s) => action(admin.End, () => remove(s.user || s.token, "/sessions/" + at(s.id)), "quiet") },
      ], items, admin.NoEntries));
  },
};
