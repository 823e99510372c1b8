// The list of chats: newest first, searched by words, filtered by kind, fault and warning.

import { byId, clock, counted, element, move } from "./dom.js";
import { avatar, snippet, ticks } from "./draw.js";
import { chatLink, go } from "./links.js";
import { guarded, read } from "./server.js";
import { state } from "./state.js";

/** Chats that are drawn at a time, and the most that are found. */
const PAGE = 60;
const MOST = 300;

const list = byId("chats");
/** User → their entry in the list. */
const entries = new Map();
let drawn = PAGE;
/** The chats that a search or a filter found; nothing where all are listed. */
let found = null;
let timer;

export function showChats() {
  const listed = found ?? [...state.chats.values()].reverse();
  const shown = listed.slice(0, drawn).map((chat) => entryOf(chat));
  // What stands where it should is left alone: it may have the focus.
  shown.forEach((entry, index) => {
    if (list.children[index] !== entry) list.insertBefore(entry, list.children[index] ?? null);
  });
  while (list.children.length > shown.length) list.lastChild.remove();
  byId("no-chats").hidden = listed.length > 0 || found !== null || state.refused.size > 0;
}

function entryOf({ message, unread }) {
  const { user } = message;
  let entry = entries.get(user);
  if (!entry) {
    const button = element("button", "chat", avatar(user), element("span", "who", user), element("time", ""), element("span", "last"), element("span", "badge"));
    button.type = "button";
    entry = element("li", "", button);
    entry.button = button;
    entries.set(user, entry);
  }
  const [, , time, last, badge] = entry.button.children;
  entry.message = message;
  time.textContent = clock(message.received_at);
  const words = (message.from === "user" ? "User: " : "") + snippet(message);
  last.replaceChildren(...[ticks(message), words].filter(Boolean));
  last.dir = "auto";
  badge.textContent = unread ? String(unread) : "";
  badge.hidden = !unread;
  entry.button.setAttribute("aria-current", String(user === state.open.user && !byId("talk").hidden));
  return entry;
}

/** Shows how far the newest messages have come by now. */
export async function refreshChats() {
  for (const { user, number, delivery } of await read("/sandbox/chats", { limit: drawn })) {
    const chat = state.chats.get(user);
    if (chat?.message.number === number) chat.message = { ...chat.message, delivery };
  }
  showChats();
}

export function forgetChats() {
  entries.clear();
  state.chats.clear();
  showChats();
}

/** Where the focus goes when a chat is left. */
export function focusChat(user) {
  (entries.get(user)?.button ?? byId("search")).focus();
}

/** What is asked for; nothing where everything is listed. */
function asked() {
  const wanted = {
    search: byId("search").value.trim() || undefined,
    kind: byId("kind").value || undefined,
    fault: byId("only-faults").ariaPressed === "true" || undefined,
    warning: byId("only-warnings").ariaPressed === "true" || undefined,
  };
  return Object.values(wanted).some(Boolean) ? wanted : null;
}

/** Looks again for what is asked for. */
export async function search() {
  const wanted = asked();
  if (wanted) {
    const messages = await read("/sandbox/chats", { ...wanted, limit: MOST, drawn: true });
    if (JSON.stringify(wanted) !== JSON.stringify(asked())) return;
    found = messages.map((message) => ({ message, unread: 0 }));
  } else {
    found = null;
  }
  byId("found").hidden = !found;
  byId("found").textContent = found ? `${found.length === MOST ? `${MOST} or more chats` : counted(found.length, "chat")} found` : "";
  byId("filters-on").hidden = !(wanted && (wanted.kind || wanted.fault || wanted.warning));
  drawn = PAGE;
  byId("chats-scroll").scrollTop = 0;
  showChats();
}

/** Whether what arrives has a place in the list as it is. */
export function isWhole() {
  return found === null;
}

/** Empties the search where it has something; says whether it did. */
export function leaveSearch() {
  if (!byId("search").value) return false;
  byId("search").value = "";
  guarded(search)();
  return true;
}

/** Every kind that has arrived can be filtered by. */
export function offerKind(kind) {
  const select = byId("kind");
  if ([...select.options].some((option) => option.value === kind)) return;
  const option = new Option(kind, kind);
  const after = [...select.options].slice(1).find((other) => other.value > kind);
  select.add(option, after ?? null);
}

export function listenToChats() {
  list.addEventListener("click", (event) => {
    const entry = event.target.closest("li");
    if (!entry) return;
    // Who pressed Enter goes on in the conversation; who clicked is there with the mouse already.
    state.enters = event.detail === 0;
    go(chatLink(entry.message.user, found ? entry.message : undefined));
  });
  list.addEventListener("keydown", (event) => {
    if (move([...list.querySelectorAll("button")], event.key)) event.preventDefault();
  });
  byId("chats-scroll").addEventListener("scroll", ({ target }) => {
    if (target.scrollHeight - target.scrollTop - target.clientHeight > 400) return;
    if (drawn < (found?.length ?? state.chats.size)) {
      drawn += PAGE;
      showChats();
    }
  });
  byId("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(guarded(search), 150);
  });
  byId("search").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    list.querySelector("button")?.focus();
  });
  byId("open-filters").addEventListener("click", () => {
    byId("filters").hidden = !byId("filters").hidden;
    byId("open-filters").setAttribute("aria-expanded", String(!byId("filters").hidden));
  });
  byId("kind").addEventListener("change", guarded(search));
  for (const id of ["only-faults", "only-warnings"]) {
    byId(id).addEventListener("click", guarded(() => {
      byId(id).ariaPressed = String(byId(id).ariaPressed !== "true");
      return search();
    }));
  }
}
