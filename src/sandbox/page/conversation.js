// One conversation: opened at its end or around a message, read on as one scrolls, and kept up with as messages arrive.

import { bubble, moveInside, nodeId, showDelivery } from "./bubble.js";
import { byId, element, pane } from "./dom.js";
import { avatar } from "./draw.js";
import { chatLink, go, note } from "./links.js";
import * as panel from "./panel.js";
import { ask, guarded, read, send } from "./server.js";
import { closed, state } from "./state.js";

/** Messages that are read at a time. */
const PAGE = 60;
/** Messages drawn at once while new ones arrive; older ones are read again when one scrolls up. */
const MOST = 240;

const log = byId("log");
/** How many chats were asked for, and how often all was forgotten: what is read for an earlier one comes too late. */
let openings = 0;

/** Opens a chat at its end, or around the message `at`; of several at once, the one that was asked for last. */
export async function openChat(user, at) {
  const opening = ++openings;
  const before = at && at.number + PAGE / 2;
  const messages = await read("/sandbox/messages", { user, from: "all", limit: PAGE, before, drawn: true });
  if (opening !== openings) return false;
  const newest = !at || (state.chats.get(user)?.message.number ?? 0) < before;
  state.open = Object.assign(closed(user), { newest, oldest: messages.length < PAGE });
  const chat = state.chats.get(user);
  if (chat) chat.unread = 0;
  byId("welcome").hidden = true;
  byId("refused").hidden = true;
  byId("talk").hidden = false;
  byId("talk-name").textContent = user;
  byId("talk-avatar").replaceWith(Object.assign(avatar(user), { id: "talk-avatar" }));
  byId("write").placeholder = `Write as ${user}`;
  log.replaceChildren(...nodes(messages));
  if (!messages.length) log.append(element("p", "hint center", "Nothing was said yet."));
  pane("talk");
  const last = at ? byId(nodeId(at)) : log.querySelector("article:last-of-type");
  select(last && state.open.messages.get(last.id));
  if (at && last) last.scrollIntoView({ block: "center" });
  else log.scrollTop = log.scrollHeight;
  showNewest();
  guarded(markRead)();
  return true;
}

/** Whoever has a chat before their eyes reads it as the user. */
export async function markRead() {
  const isSeen = !document.hidden && byId("talk").checkVisibility();
  if (!isSeen || !state.open.messages.size) return;
  await send("POST", `/sandbox/chats/${encodeURIComponent(state.open.user)}/read`, {});
}

/** Shows how far the messages that are drawn have come by now. */
export async function refreshDelivery() {
  const { open } = state;
  const drawn = [...open.messages.values()].filter(({ from }) => from === "bot");
  if (!drawn.length) return;
  const before = Math.max(...drawn.map(({ number }) => number)) + 1;
  for (const { delivery, ...message } of await read("/sandbox/messages", { user: open.user, limit: drawn.length, before })) {
    const shown = open === state.open && open.messages.get(nodeId(message));
    if (!shown || JSON.stringify(shown.delivery) === JSON.stringify(delivery)) continue;
    showDelivery(byId(nodeId(message)), shown, delivery);
    if (state.selected === shown) panel.refresh();
  }
}

/** Forgets all messages that are drawn. */
export function forgetMessages() {
  openings += 1;
  state.open.messages.clear();
  log.replaceChildren();
  if (!byId("talk").hidden) select(null);
}

function select(message) {
  panel.select(log, message && byId(nodeId(message)), message);
}

/** A person chose it: from now on the address names it. */
function choose(node) {
  const message = state.open.messages.get(node.id);
  select(message);
  if (message) note(chatLink(state.open.user, message));
}

/** Moves to the current message. */
export function focusCurrent() {
  (log.querySelector("article[tabindex='0']") ?? log).focus();
}

/** Bubbles for messages; they become part of the conversation. */
function nodes(messages) {
  return messages.map((message) => {
    state.open.messages.set(nodeId(message), message);
    return bubble(message);
  });
}

/** New messages at the end, unless one reads further up and does not wait for what one wrote. */
export function append(arrived) {
  const { open } = state;
  // A chat that was opened just now may have them already.
  const messages = arrived.filter((message) => !open.messages.has(nodeId(message)));
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  if (!open.newest || !(atEnd || open.wrote)) {
    open.missed += messages.length;
    open.newest = false;
    return showNewest();
  }
  open.wrote = false;
  const latest = messages.slice(-MOST);
  if (!latest.length) return;
  log.querySelector(".hint")?.remove();
  const isElsewhere = byId("talk").hidden || (log.contains(document.activeElement) && document.activeElement !== log);
  log.append(...nodes(latest));
  while (log.children.length > MOST) {
    open.messages.delete(log.firstElementChild.id);
    log.firstElementChild.remove();
    open.oldest = false;
  }
  log.scrollTop = log.scrollHeight;
  // What has the focus stays the current one.
  if (!isElsewhere) select(latest.at(-1));
}

/** Older messages, when one scrolls up to the oldest that is drawn. */
async function older() {
  const { open } = state;
  const first = open.messages.get(log.firstElementChild?.id);
  if (!first || open.oldest || open.reading) return;
  open.reading = true;
  let messages;
  try {
    messages = await read("/sandbox/messages", { user: open.user, from: "all", limit: PAGE, before: first.number, drawn: true });
  } finally {
    // What could not be read is read when one scrolls again.
    open.reading = false;
  }
  // Another conversation may be open by now, or this one anew, or cleared.
  if (open !== state.open || open.messages.get(log.firstElementChild?.id) !== first) return;
  open.oldest = messages.length < PAGE;
  const height = log.scrollHeight - log.scrollTop;
  log.prepend(...nodes(messages));
  log.scrollTop = log.scrollHeight - height;
}

function showNewest() {
  const { open } = state;
  const far = log.scrollHeight - log.scrollTop - log.clientHeight > 400;
  byId("newest").hidden = !open.user || !(far || open.missed || !open.newest);
  byId("newest-text").textContent = open.missed ? `${open.missed} new` : "Newest";
}

export function listenToConversation() {
  document.addEventListener("visibilitychange", guarded(markRead));
  log.addEventListener("keydown", (event) => {
    if (!moveInside(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  panel.listenToArticles(log, choose);
  log.addEventListener("scroll", () => {
    if (log.scrollTop < 600) guarded(older)();
    showNewest();
  });
  byId("newest").addEventListener("click", guarded(async () => {
    note(chatLink(state.open.user));
    await openChat(state.open.user);
  }));
  byId("delete-chat").addEventListener("click", () => {
    byId("delete-user").textContent = state.open.user;
    byId("delete").showModal();
  });
  byId("delete-it").addEventListener("click", guarded(async () => {
    byId("delete").close();
    const { user } = state.open;
    if (state.chats.has(user)) await ask(`/sandbox/chats/${encodeURIComponent(user)}`, { method: "DELETE" });
    closeChat();
    go("#");
  }));
}

/** Leaves the conversation, so that nothing of it is open. */
export function closeChat() {
  forgetMessages();
  state.open = closed(null);
  byId("talk").hidden = true;
  byId("refused").hidden = true;
  byId("welcome").hidden = false;
  select(null);
}
