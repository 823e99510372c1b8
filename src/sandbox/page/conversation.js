// One conversation. It opens at its end or around a message, reads more on scrolling, and follows new messages.
// The user answers with a text, a button or an option of a list.

import { byId, element, fill, pane, say } from "./dom.js";
import { avatar, bubble, moveInside, nodeId, showDelivery } from "./draw.js";
import { chatLink, note } from "./links.js";
import * as panel from "./panel.js";
import { closed, guarded, read, send, state, toast } from "./state.js";
import { texts } from "./texts.js";

/** How many messages to read at a time. */
const PAGE = 60;

const log = byId("log");
/** Counts the opened chats, so that a late response for an earlier one is ignored. */
let openings = 0;

/** Opens a chat at its end, or around the message `at`. The last call wins. */
export async function openChat(user, at) {
  const opening = ++openings;
  const open = closed(user);
  let messages = await messagesOf(open);
  if (at && at.number < (messages[0]?.number ?? 0)) {
    open.before = at.number + PAGE / 2;
    messages = await messagesOf(open);
  }
  if (opening !== openings) return false;
  state.open = open;
  byId("welcome").hidden = true;
  byId("refused").hidden = true;
  byId("talk").hidden = false;
  byId("talk-name").textContent = user;
  byId("talk-avatar").replaceWith(Object.assign(avatar(user), { id: "talk-avatar" }));
  byId("write").placeholder = say("write_as", user);
  log.replaceChildren();
  draw(messages);
  pane("talk");
  const last = at ? byId(nodeId(at)) : log.querySelector("article:last-of-type");
  select(last && open.messages.get(last.id));
  if (at && last) last.scrollIntoView({ block: "center" });
  else log.scrollTop = log.scrollHeight;
  await refreshConversation();
  return true;
}

function messagesOf({ user, limit, before }) {
  return read("/sandbox/messages", { user, from: "all", limit, before, drawn: true });
}

/** Reads the drawn messages again, and new ones at the end. Does not scroll if the end is not visible. */
export async function refreshConversation() {
  const { open } = state;
  if (open.user === null) return;
  const reading = ++open.reads;
  const [chat] = await read("/sandbox/chats", { user: open.user, limit: 1 });
  const newest = [...open.messages.values()].at(-1);
  if (!chat) open.before = undefined;
  else if (newest && chat.number > newest.number && !isAtEnd()) open.before ??= newest.number + 1;
  const messages = await messagesOf(open);
  if (open !== state.open || reading !== open.reads) return;
  open.unread = chat?.unread ?? 0;
  const follows = open.before === undefined && isAtEnd();
  const toEnd = log.scrollHeight - log.scrollTop;
  draw(messages);
  log.scrollTop = log.scrollHeight - (follows ? 0 : toEnd);
  const arrived = messages.at(-1);
  const isElsewhere = byId("talk").hidden || (log.contains(document.activeElement) && document.activeElement !== log);
  // The focused message stays the current one.
  if (follows && arrived && arrived.number !== newest?.number && !isElsewhere) select(arrived);
  showNewest();
  await markRead();
}

/** Goes to the end, and follows new messages. */
export async function goOn() {
  Object.assign(state.open, { limit: PAGE, before: undefined });
  log.scrollTop = log.scrollHeight;
  await refreshConversation();
}

function isAtEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
}

function draw(messages) {
  const known = new Map([...log.children].map((node) => [node.id, node]));
  const nodes = messages.map((message) => showDelivery(known.get(nodeId(message)) ?? bubble(message), message));
  fill(log, nodes.length ? nodes : [element("p", "hint center", texts.no_messages)]);
  state.open.messages = new Map(messages.map((message) => [nodeId(message), message]));
  const { selected } = state;
  const again = selected && state.open.messages.get(nodeId(selected));
  // A refused request has no id.
  if (again?.id && again.id === selected.id && JSON.stringify(again.delivery) !== JSON.stringify(selected.delivery)) panel.showAgain(again);
}

/** Marks the messages as read by the user while the chat is visible. */
async function markRead() {
  const { user, unread, before } = state.open;
  const isSeen = !document.hidden && byId("talk").checkVisibility() && before === undefined;
  if (isSeen && unread) await send("POST", `/sandbox/chats/${encodeURIComponent(user)}/read`, {});
}

function select(message) {
  panel.select(log, message && byId(nodeId(message)), message);
}

/** Puts the chosen message into the address. */
function choose(node) {
  const message = state.open.messages.get(node.id);
  select(message);
  if (message) note(chatLink(state.open.user, message));
}

/** Moves to the current message. */
export function focusCurrent() {
  (log.querySelector("article[tabindex='0']") ?? log).focus();
}

/** Reads older messages on scrolling to the oldest one. The next scroll retries a failed read. */
async function older() {
  const { open } = state;
  if (open.messages.size < open.limit) return;
  open.limit += PAGE;
  try {
    await refreshConversation();
  } catch (error) {
    open.limit -= PAGE;
    throw error;
  }
}

function showNewest() {
  const { user, unread, before } = state.open;
  const isFar = log.scrollHeight - log.scrollTop - log.clientHeight > 400;
  byId("newest").hidden = !user || !(isFar || before !== undefined);
  byId("newest-text").textContent = before !== undefined && unread ? say("new", unread) : texts.newest;
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
    await goOn();
  }));
}

/** Closes the conversation. */
export function closeChat() {
  openings += 1;
  state.open = closed(null);
  log.replaceChildren();
  byId("talk").hidden = true;
  byId("refused").hidden = true;
  byId("welcome").hidden = false;
  select(null);
}

// ---- The user's answers --------------------------------------------------------------------------------------------

async function write(text, pressed, payload) {
  const { open } = state;
  const body = { text, in_reply_to: pressed?.id, payload: payload ?? undefined };
  await send("POST", `/sandbox/users/${encodeURIComponent(open.user)}/messages`, body);
  if (open === state.open) await goOn();
}

/** Handles a pressed button of a message. */
function press(event) {
  const message = state.open.messages.get(event.target.closest("article").id);
  const { options, label, opens, text, payload } = event.detail;
  if (options) return chooseOption(message, label, options);
  if (opens !== undefined) return toast(opens ? say("would_open", opens) : texts.opens_nothing);
  return write(text, message, payload);
}

/** WhatsApp's sheet with the options of a list. */
function chooseOption(message, label, options) {
  byId("options-title").textContent = label;
  const fields = options.map((option, index) => {
    const input = element("input");
    Object.assign(input, { type: "radio", name: "option", value: String(index), required: true });
    const { title, description } = option ?? {};
    const words = element("span", "", element("b", "", String(title ?? texts.no_title)), description && element("small", "", String(description)));
    return element("label", "option", words, input);
  });
  const legend = byId("option-list").firstElementChild;
  byId("option-list").replaceChildren(legend, ...fields);
  byId("choose").onsubmit = guarded(async (event) => {
    event.preventDefault();
    const { title, ...payload } = options[Number(new FormData(event.target).get("option"))] ?? {};
    byId("options").close();
    await write(String(title ?? ""), message, payload);
  });
  byId("options").showModal();
}

export function listenToAnswers() {
  byId("log").addEventListener("press", guarded(press));
  byId("composer").addEventListener("submit", guarded(async (event) => {
    event.preventDefault();
    const field = byId("write");
    const words = field.value.trim();
    if (!words) return;
    field.value = "";
    await write(words);
  }));
}
