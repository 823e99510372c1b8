// The list of chats, newest first, with a search and filters for kind, fault and warning.

import { byId, clock, counted, element, fill, move, say } from "./dom.js";
import { avatar, snippet, ticks } from "./draw.js";
import { chatLink, go } from "./links.js";
import { guarded, read, state } from "./state.js";

/** How many chats to draw at first, and again at each scroll to the end. */
const PAGE = 60;

const list = byId("chats");
let drawn = PAGE;
/** Counts the reads, so that a late response to an earlier one is ignored. */
let reads = 0;
let timer;

/** Reads the matching chats and draws them. */
export async function refreshChats() {
  const reading = ++reads;
  const wanted = asked();
  const chats = await read("/sandbox/chats", { ...wanted, limit: drawn, drawn: true });
  if (reading !== reads) return;
  const known = new Map([...list.children].map((entry) => [entry.message.user, entry]));
  fill(list, chats.map((message) => entryOf(message, known.get(message.user) ?? newEntry(message.user))));
  showCurrent();
  const found = chats.length < drawn ? counted(chats.length, "chat") : say("or_more_chats", drawn);
  byId("found").hidden = !wanted;
  byId("found").textContent = wanted ? say("found", found) : "";
  byId("no-chats").hidden = chats.length > 0 || Boolean(wanted) || state.health.refused > 0;
}

/** The search and the filters; undefined if all chats are listed. */
function asked() {
  const isPressed = (id) => byId(id).ariaPressed === "true" || undefined;
  const wanted = {
    search: byId("search").value.trim() || undefined,
    kind: byId("kind").value || undefined,
    fault: isPressed("only-faults"),
    warning: isPressed("only-warnings"),
  };
  return Object.values(wanted).some(Boolean) ? wanted : null;
}

/** Adds the kinds of the received messages to the filter. */
export function offerKinds(kinds) {
  const select = byId("kind");
  const offered = [...select.options].slice(1).map((option) => option.value);
  if (offered.join() === kinds.join()) return;
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...kinds.map((kind) => new Option(kind)));
  select.value = kinds.includes(chosen) ? chosen : "";
}

function newEntry(user) {
  const button = element("button", "chat", avatar(user), element("span", "who", user), element("time", ""), element("span", "last"), element("span", "badge"));
  button.type = "button";
  return element("li", "", button);
}

function entryOf(message, entry) {
  const [, , time, last, badge] = entry.firstChild.children;
  entry.message = message;
  time.textContent = clock(message.received_at);
  const words = message.from === "user" ? say("from_user", snippet(message)) : snippet(message);
  last.replaceChildren(...[ticks(message), words].filter(Boolean));
  last.dir = "auto";
  badge.textContent = String(message.unread);
  badge.hidden = !message.unread;
  return entry;
}

/** Marks the open chat. */
export function showCurrent() {
  const user = byId("talk").hidden ? null : state.open.user;
  for (const entry of list.children) entry.firstChild.setAttribute("aria-current", String(entry.message.user === user));
}

/** Moves the focus here when a chat is closed. */
export function focusChat(user) {
  const entry = [...list.children].find(({ message }) => message.user === user);
  (entry?.firstChild ?? byId("search")).focus();
}

/** Searches again, from the top of the list. */
function search() {
  drawn = PAGE;
  byId("chats-scroll").scrollTop = 0;
  return refreshChats();
}

/** Clears the search. Returns whether it had text. */
export function leaveSearch() {
  if (!byId("search").value) return false;
  byId("search").value = "";
  guarded(search)();
  return true;
}

export function listenToChats() {
  list.addEventListener("click", (event) => {
    const entry = event.target.closest("li");
    if (!entry) return;
    // Enter moves the focus into the conversation. A click does not need that.
    state.enters = event.detail === 0;
    go(chatLink(entry.message.user, asked() ? entry.message : undefined));
  });
  list.addEventListener("keydown", (event) => {
    if (move([...list.querySelectorAll("button")], event.key)) event.preventDefault();
  });
  byId("chats-scroll").addEventListener("scroll", ({ target }) => {
    if (target.scrollHeight - target.scrollTop - target.clientHeight > 400 || list.children.length < drawn) return;
    drawn += PAGE;
    guarded(refreshChats)();
  });
  byId("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(guarded(search), 150);
  });
  byId("kind").addEventListener("change", guarded(search));
  for (const id of ["only-faults", "only-warnings"]) {
    byId(id).addEventListener("click", guarded(() => {
      byId(id).ariaPressed = String(byId(id).ariaPressed !== "true");
      return search();
    }));
  }
  byId("search").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    list.querySelector("button")?.focus();
  });
}
