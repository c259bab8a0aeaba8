// The administration: a list of sections at the left, and the chosen one beside it. Section and
// object are in the address, so that a link and a reload show the same.
import "./look.js";
import { agents } from "./adminagents.js";
import { audit } from "./adminaudit.js";
import { groups } from "./admingroups.js";
import { blacklist, reasons, vips } from "./adminlists.js";
import { server } from "./adminserver.js";
import { sessions, tokens, users } from "./adminusers.js";
import { byID, el, setAttribute } from "./dom.js";
import { words } from "./words.js";

/**
 * A section shows itself in root; id is the chosen object, "" = the list.
 * @typedef {{id: string, title: string, show: (root: HTMLElement, id: string) => Promise<void>}} Section
 */

/** @type {Section[]} */
const sections = [groups, agents, vips, blacklist, reasons, users, tokens, sessions, audit, server];

const links = sections.map((section) => el("a", { href: address(section.id, "") }, section.title));
byID("sections").append(...links);

/**
 * @param {string} section
 * @param {string} id
 */
export function address(section, id) {
  return "/ui/admin?" + new URLSearchParams(id ? { s: section, id } : { s: section });
}

async function show() {
  const params = new URLSearchParams(location.search);
  const section = sections.find((s) => s.id === params.get("s")) ?? sections[0];
  sections.forEach((s, i) => setAttribute(links[i], "aria-current", s === section ? "page" : null));
  document.title = `${section.title} · nwayacd`;
  const root = el("div", { class: "section-body" });
  try {
    await section.show(root, params.get("id") ?? "");
  } catch (fault) {
    root.replaceChildren(el("p", { class: "said bad" }, fault instanceof Error ? fault.message : String(fault)),
      el("p", {}, el("a", { href: address(section.id, "") }, words.Admin.Back)));
  }
  const area = byID("section");
  const focused = area.contains(document.activeElement);
  area.replaceChildren(root);
  if (focused) area.focus({ preventScroll: true }); // or the tab key would begin at the top of the page
}

document.addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest("a");
  const mouse = /** @type {MouseEvent} */ (event);
  if (!link || mouse.ctrlKey || mouse.metaKey || mouse.shiftKey || !link.pathname.startsWith("/ui/admin")) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  show();
});
addEventListener("popstate", show);
addEventListener("console:changed", show);
show();
