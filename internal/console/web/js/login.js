// A link from another site arrives without the cookie of the session, because it is SameSite=Strict.
// A request of this page has it. So the page asks first whether there is a session.
import "./look.js";

const form = document.getElementById("login");
const answer = await fetch("/api/v1/me", { headers: { accept: "application/json" } });
if (answer.ok && form instanceof HTMLFormElement && !form.querySelector(".bad")) {
  location.replace(String(new FormData(form).get("next")));
}
