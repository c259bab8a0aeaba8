// The groups that the viewer may see, to choose from in a field.
import { call } from "./api.js";
import { el } from "./dom.js";

/** The list of a field that has list="groups". The field works without it, too. */
export function groupList() {
  const list = el("datalist", { id: "groups" });
  call("GET", "/groups").then(({ items }) => list.append(...items.map((/** @type {any} */ group) =>
    el("option", { value: group.group }, group.name))), () => {});
  return list;
}
