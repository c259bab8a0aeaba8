// A link from another site arrives without the cookie of the session, because it is SameSite=Strict.
// A request of this page has it. So the page asks first whether there is a session.
import "./look.js";
import { hasSession } from "./session.js";

const form = document.getElementById("login");
if (form instanceof HTMLFormElement && !form.querySelector(".bad") && (await hasSession())) {
  location.replace(String(new FormData(form).get("next")));
}
