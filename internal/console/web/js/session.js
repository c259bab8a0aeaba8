// Begins a session, and asks whether there is one.

/**
 * Begins a session with a key. It returns false if the key is not valid.
 * @param {string} key
 */
export async function enter(key) {
  const answer = await fetch("/ui/session", { method: "POST", body: new URLSearchParams({ key }) });
  return answer.ok;
}

/** Goes to the login page, which comes back here. */
export function toLogin() {
  location.replace("/ui/login?next=" + encodeURIComponent(location.pathname + location.search));
}
