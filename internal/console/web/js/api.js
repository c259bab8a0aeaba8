// The JSON API, and what it says about an order.
import { el } from "./dom.js";
import { toLogin } from "./session.js";
import { fill, words } from "./words.js";

/** A refusal of the API. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} text in the language of the page
   * @param {string[]} [fields] of the body that are not allowed
   */
  constructor(status, text, fields = []) {
    super(text);
    this.status = status;
    this.fields = fields;
  }
}

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {any} [body]
 * @returns {Promise<any>} the answer, undefined if it has none
 */
export async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch("/api/v1" + path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw refused(0);
  }
  const isJSON = /json/.test(answer.headers.get("content-type") ?? "");
  const content = isJSON ? await answer.json() : undefined;
  if (answer.ok) return content;
  throw refused(answer.status, content);
}

/**
 * What a refusal says to the viewer. Without a session, the page goes to the login.
 * @param {number} status 0 = the server did not answer
 * @param {any} [problem]
 */
export function refused(status, problem) {
  if (status === 0) return new Refusal(0, words.Act.NoServer);
  if (status !== 401) return new Refusal(status, reason(status, problem), fieldsOf(problem));
  toLogin();
  return new Refusal(401, words.Act.LoggedOut);
}

/**
 * The fields of the body that a problem is about.
 * @param {any} problem
 */
const fieldsOf = (problem) => (problem?.errors ?? [])
  .map((/** @type {any} */ e) => String(e.location ?? "").replace(/^body\./, "")).filter(Boolean);

const kindPrefix = "urn:nwayacd:";

/**
 * Why the API refuses, in the language of the page if there are words for it. The server's own text is
 * English.
 * @param {number} status
 * @param {any} problem
 */
function reason(status, problem) {
  const kind = String(problem?.type ?? "").replace(kindPrefix, "");
  if (words.Refusals[kind]) return words.Refusals[kind];
  const details = (problem?.errors ?? []).map((/** @type {any} */ e) => e.message).join("; ");
  const text = details || problem?.detail || String(status);
  switch (status) {
    case 403: return words.Act.NotAllowed;
    case 404: return words.Act.Gone;
    case 409: return `${words.Act.Conflict} (${text})`;
    case 422: return fill(words.Act.BadValue, text);
  }
  return text;
}

/** @param {unknown} fault */
export const textOf = (fault) => (fault instanceof Error ? fault.message : String(fault));

/**
 * Gives an order, and says how it went.
 * @param {string} what the order in the words of the page
 * @param {() => Promise<any>} order
 * @returns {Promise<boolean>}
 */
export async function order(what, order) {
  try {
    await order();
    toast(fill(words.Act.Done, what));
    return true;
  } catch (fault) {
    toast(`${what}: ${fill(words.Act.Failed, textOf(fault))}`, true);
    return false;
  }
}

/**
 * Shows a text for some seconds.
 * @param {string} text
 * @param {boolean} [bad]
 */
export function toast(text, bad = false) {
  let box = document.querySelector(".toasts");
  if (!box) {
    box = el("div", { class: "toasts", role: "status" });
    document.body.append(box);
  }
  const shown = el("div", { class: bad ? "toast bad" : "toast" }, text);
  box.append(shown);
  setTimeout(() => shown.remove(), bad ? 8000 : 4000);
}

/** @param {string} part of a path */
export const at = (part) => encodeURIComponent(part);
