// The key is behind the # of the address, so that no server and no log on the way sees it.
import "./look.js";
import { byID } from "./dom.js";
import { enter } from "./session.js";

const key = location.hash.slice(1);
byID("wait").hidden = true;
if (!key) {
  byID("nokey").hidden = false;
} else if (await enter(key)) {
  location.replace("/ui/");
} else {
  history.replaceState(null, "", location.pathname);
  byID("failed").hidden = false;
}
