// The list of chats: newest first, searched by words, filtered by kind, fault and warning.

import { byId, clock, counted, element, fill, move } from "./dom.js";
import { avatar, snippet, ticks } from "./draw.js";
import { chatLink, go } from "./links.js";
import { guarded, read, state } from "./state.js";

/** Chats that are drawn at first, and as many more each time that one scrolls to their end. */
const PAGE = 60;

const list = byId("chats");
let drawn = PAGE;
/** How often they were read: what is read for an earlier question comes too late. */
let reads = 0;
let timer;

/** Reads the chats that are asked for, and shows them. */
export async function refreshChats() {
  const reading = ++reads;
  const wanted = asked();
  const chats = await read("/sandbox/chats", { ...wanted, limit: drawn, drawn: true });
  if (reading !== reads) return;
  const known = new Map([...list.children].map((entry) => [entry.message.user, entry]));
  fill(list, chats.map((message) => entryOf(message, known.get(message.user) ?? newEntry(message.user))));
  showCurrent();
  const found = chats.length < drawn ? counted(chats.length, "chat") : `${drawn} or more chats`;
  byId("found").hidden = !wanted;
  byId("found").textContent = wanted ? `${found} found` : "";
  byId("no-chats").hidden = chats.length > 0 || Boolean(wanted) || state.health.refused > 0;
}

/** What is asked for; nothing where everything is listed. */
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

/** Offers the kinds that have arrived. */
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
  const words = (message.from === "user" ? "User: " : "") + snippet(message);
  last.replaceChildren(...[ticks(message), words].filter(Boolean));
  last.dir = "auto";
  badge.textContent = String(message.unread);
  badge.hidden = !message.unread;
  return entry;
}

/** Marks the chat that is open. */
export function showCurrent() {
  const user = byId("talk").hidden ? null : state.open.user;
  for (const entry of list.children) entry.firstChild.setAttribute("aria-current", String(entry.message.user === user));
}

/** Where the focus goes when a chat is left. */
export function focusChat(user) {
  const entry = [...list.children].find(({ message }) => message.user === user);
  (entry?.firstChild ?? byId("search")).focus();
}

/** Looks again, from the top of the list, for what is asked for. */
function search() {
  drawn = PAGE;
  byId("chats-scroll").scrollTop = 0;
  return refreshChats();
}

/** Empties the search where it has something; says whether it did. */
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
    // Who pressed Enter goes on in the conversation; who clicked is there with the mouse already.
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
