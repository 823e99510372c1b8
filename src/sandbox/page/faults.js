// The faults in force: shown, added and removed.

import { byId, element, icon } from "./dom.js";
import { guarded, read, send } from "./server.js";

let rules = [];
/** What is drawn, as JSON. */
let drawn;

/** Shows the rules that the sandbox tells of. Where they are drawn already nothing is touched: somebody may be clicking there. */
export function showRules(current) {
  const told = JSON.stringify(current);
  if (told === drawn) return;
  drawn = told;
  rules = current.map(({ rule }) => rule);
  byId("fault-count").hidden = !current.length;
  byId("fault-count").textContent = String(current.length);
  byId("open-faults").setAttribute("aria-label", current.length ? `Faults, ${current.length} in force` : "Faults");
  const shown = current.map(({ rule, seen, hits }, index) => {
    const remove = element("button", "tool", icon("close"));
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove ${rule}`);
    remove.addEventListener("click", guarded(() => putRules(rules.filter((_, other) => other !== index))));
    return element("li", "", element("code", "", rule), element("span", "hits", `${hits} of ${seen}`), remove);
  });
  byId("rules").replaceChildren(...(shown.length ? shown : [element("li", "hint", "Nothing goes wrong.")]));
}

async function putRules(next) {
  byId("fault-problem").textContent = "";
  try {
    showRules(await (await send("PUT", "/sandbox/faults", next)).json());
    return true;
  } catch (error) {
    byId("fault-problem").textContent = error.message;
    return false;
  }
}

/** Lets a person change them. */
export function listenToFaults() {
  byId("open-faults").addEventListener("click", guarded(async () => {
    showRules(await read("/sandbox/faults"));
    byId("faults").showModal();
  }));
  byId("add-fault").addEventListener("submit", guarded(async (event) => {
    event.preventDefault();
    const rule = byId("rule").value.trim();
    if (rule && (await putRules([...rules, rule]))) byId("rule").value = "";
  }));
}
