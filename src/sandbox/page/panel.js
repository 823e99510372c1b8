// The panel beside a conversation: the request of what is selected, its answer, and ways to copy it.

import { curl, jelouctl } from "./commands.js";
import { details, refusedDetails } from "./details.js";
import { byId, element, move } from "./dom.js";
import { guarded, toast } from "./server.js";
import { state } from "./state.js";

/** Shows a message or a refused request; nothing for none. */
export function show(selected, isRefused = false) {
  state.selected = selected;
  const body = byId("request-body");
  byId("copies").hidden = !selected?.request;
  byId("copy-jelouctl").hidden = isRefused;
  if (!selected) return body.replaceChildren(element("p", "hint", "Choose a message to see its request."));
  body.replaceChildren(...(isRefused ? refusedDetails(selected) : details(selected)));
  body.scrollTop = 0;
}

/** Makes `node` the current one of `list`: what it stands for is shown, and the keys move from there. */
export function select(list, node, selected, isRefused) {
  list.querySelector(".selected")?.classList.remove("selected");
  list.querySelectorAll("article[tabindex='0']").forEach((other) => (other.tabIndex = -1));
  node?.classList.add("selected");
  if (node) node.tabIndex = 0;
  show(selected, isRefused);
}

/** Lets a person choose among the articles of `list`. */
export function listenToArticles(list, choose) {
  list.addEventListener("click", (event) => {
    const node = event.target.closest("article");
    if (!node || event.target.closest("button")) return;
    choose(node);
    if (String(getSelection()) === "") node.focus({ preventScroll: true });
  });
  list.addEventListener("keydown", (event) => {
    if (!event.target.matches("article")) return;
    if (move([...list.querySelectorAll("article")], event.key)) {
      event.preventDefault();
      choose(document.activeElement);
    } else if (event.key === "Enter") {
      enter();
    }
  });
}

/** Draws what is selected again, since it has changed. */
export function refresh() {
  const { scrollTop } = byId("request-body");
  show(state.selected);
  byId("request-body").scrollTop = scrollTop;
}

export function isOpen() {
  return byId("app").classList.contains("with-request");
}

/** Opens or closes the panel where it lies over the conversation. */
export function toggle(is = !isOpen()) {
  byId("app").classList.toggle("with-request", is);
  for (const opener of document.querySelectorAll("[aria-controls='request']")) opener.setAttribute("aria-expanded", String(is));
}

/** Opens it and moves there. */
export function enter() {
  toggle(true);
  byId("request-body").focus();
}

export function close() {
  toggle(false);
  document.querySelector(".talk:not([hidden]) article[tabindex='0']")?.focus();
}

export function listenToPanel() {
  for (const opener of document.querySelectorAll("[aria-controls='request']")) opener.addEventListener("click", () => toggle());
  byId("close-request").addEventListener("click", close);
  const copies = { "copy-curl": curl, "copy-jelouctl": jelouctl, "copy-json": ({ drawn, ...selected }) => JSON.stringify(selected, null, 2) };
  for (const [id, write] of Object.entries(copies)) {
    byId(id).addEventListener("click", guarded(async () => {
      await navigator.clipboard.writeText(write(state.selected));
      toast("Copied");
    }));
  }
}
