// Begins a session, and asks whether there is one.

/**
 * Begins a session with a key. It returns false if the key is not valid.
 * @param {string} key
 */
export async function enter(key) {
  const answer = await fetch("/ui/session", { method: "POST", body: new URLSearchParams({ key }) });
  return answer.ok;
}

/**
 * Whether this browser has a session. A port without a token answers everybody on its own host, as
 * the kind "local", which is none.
 */
export async function hasSession() {
  const answer = await fetch("/api/v1/me");
  return answer.ok && ["user", "token"].includes((await answer.json()).kind);
}

/** Goes to the login page, which comes back here. */
export function toLogin() {
  location.replace("/ui/login?next=" + encodeURIComponent(location.pathname + location.search));
}
