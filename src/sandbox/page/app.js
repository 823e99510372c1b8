// The inbox: the list of chats, one conversation, and what a person does with them. It reads the sandbox's own
// endpoints and nothing else; messages arrive by server-sent events and are drawn in batches.

import { details } from "./details.js";
import { avatar, draw, element, snippet } from "./draw.js";
import { listenToFaults, showRules } from "./faults.js";
import { ask, guarded, read, send, toast } from "./server.js";

/** Messages and chats that are read and drawn at a time. */
const PAGE = 60;
/** Messages drawn at once while new ones arrive; older ones are read again when one scrolls up. */
const MOST = 240;
/** Milliseconds between two batches of new messages. */
const BATCH = 60;

const byId = (id) => document.getElementById(id);
const app = byId("app");
const log = byId("log");
const chatList = byId("chats");

/** User → their newest message and how many are unread; the one who wrote last is the last entry. */
const chats = new Map();
/** User → their entry in the list. */
const entries = new Map();
let templates = [];
let drawnChats = PAGE;
let found = null;
let arriving = [];
let seen = 0;
/** Which sandbox this is and how often it was cleared, as far as it is shown. */
let shown = { instance: "", cleared: 0 };

/**
 * The open conversation: whether it is drawn up to the `newest` and down to the `oldest` message, how many newer ones were
 * `missed`, and whether something that the user `wrote` is on its way.
 */
let open = { user: null, messages: new Map(), newest: true, oldest: true, missed: 0, wrote: false };
let selected = null;
/** How many chats were asked for, and how often all was forgotten: what is read for an earlier one comes too late. */
let openings = 0;

// ---- What the server says -----------------------------------------------------------------------------------------

function listen() {
  const events = new EventSource(`/sandbox/events?since=${seen}`);
  // The first event of each connection. While there was none, another sandbox may have begun, or this one forgotten all.
  events.addEventListener("sandbox", guarded(async (event) => {
    const { instance, cleared } = JSON.parse(event.data);
    if (instance === shown.instance && cleared === shown.cleared) return showRules(await read("/sandbox/faults"));
    await readAnew();
    events.close();
    listen();
  }));
  events.addEventListener("open", () => live(true));
  events.addEventListener("error", () => live(false));
  events.addEventListener("message", (event) => {
    if (!arriving.length) setTimeout(arrive, BATCH);
    arriving.push(event.data);
  });
  events.addEventListener("cleared", (event) => {
    shown.cleared = JSON.parse(event.data).cleared;
    forget();
  });
  events.addEventListener("faults", (event) => showRules(JSON.parse(event.data)));
}

function live(is) {
  byId("live").textContent = is ? "live" : "not connected";
  byId("live").classList.toggle("on", is);
}

/** Takes over what has arrived since the last batch. */
function arrive() {
  const batch = arriving.map((json) => JSON.parse(json)).filter((message) => message.number > seen);
  arriving = [];
  const here = [];
  for (const message of batch) {
    seen = message.number;
    const unread = (chats.get(message.user)?.unread ?? 0) + (message.user === open.user ? 0 : 1);
    chats.delete(message.user);
    chats.set(message.user, { message, unread });
    if (message.user === open.user) here.push(message);
  }
  if (here.length) append(here);
  if (batch.length && !found) showChats();
}

function forget() {
  openings += 1;
  chats.clear();
  entries.clear();
  arriving = [];
  open.messages.clear();
  log.replaceChildren();
  show(null);
  showChats();
}

// ---- The chats ----------------------------------------------------------------------------------------------------

function showChats() {
  const listed = found ?? [...chats.values()].reverse();
  const drawn = listed.slice(0, drawnChats).map((chat) => entryOf(chat));
  // What stands where it should is left alone: it may have the focus.
  drawn.forEach((entry, index) => {
    if (chatList.children[index] !== entry) chatList.insertBefore(entry, chatList.children[index] ?? null);
  });
  while (chatList.children.length > drawn.length) chatList.lastChild.remove();
  byId("no-chats").hidden = listed.length > 0 || found !== null;
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
  last.textContent = (message.from === "user" ? "✓ " : "") + snippet(message);
  last.dir = "auto";
  badge.textContent = unread ? String(unread) : "";
  badge.hidden = !unread;
  entry.button.setAttribute("aria-current", String(user === open.user));
  entry.button.setAttribute("aria-label", `${user}${unread ? `, ${unread} new` : ""}, ${last.textContent.slice(0, 80)}`);
  return entry;
}

async function search() {
  const words = byId("search").value.trim();
  if (!words) {
    found = null;
  } else {
    const messages = await read("/sandbox/chats", { search: words, limit: 300 });
    if (words !== byId("search").value.trim()) return;
    found = messages.map((message) => ({ message, unread: 0 }));
  }
  byId("found").hidden = !found;
  byId("found").textContent = found ? `${found.length === 300 ? "300 or more" : found.length} ${found.length === 1 ? "chat" : "chats"} found` : "";
  drawnChats = PAGE;
  byId("chats-scroll").scrollTop = 0;
  showChats();
}

// ---- The conversation ---------------------------------------------------------------------------------------------

/** Opens a chat at its end, or around the message `at`; of several at once, the one that was asked for last. */
async function openChat(user, at) {
  const opening = ++openings;
  const before = at && at.number + PAGE / 2;
  const messages = await read("/sandbox/messages", { user, from: "all", limit: PAGE, before });
  if (opening !== openings) return;
  const newest = !at || (chats.get(user)?.message.number ?? 0) < before;
  open = { user, messages: new Map(), newest, oldest: messages.length < PAGE, missed: 0, wrote: false };
  const chat = chats.get(user);
  if (chat) chat.unread = 0;
  byId("welcome").hidden = true;
  byId("talk").hidden = false;
  byId("talk-name").textContent = user;
  byId("talk-avatar").replaceWith(Object.assign(avatar(user), { id: "talk-avatar" }));
  byId("write").placeholder = `Write as ${user}`;
  log.replaceChildren(...nodes(messages));
  pane("talk");
  showChats();
  const last = at ? byId(nodeId(at)) : log.querySelector("article:last-of-type");
  if (last) show(open.messages.get(last.id));
  if (at && last) last.scrollIntoView({ block: "center" });
  else log.scrollTop = log.scrollHeight;
  showNewest();
}

const nodeId = (message) => `m${message.number}`;

/** Bubbles for messages; they become part of the conversation. */
function nodes(messages) {
  return messages.map((message) => {
    open.messages.set(nodeId(message), message);
    return bubble(message);
  });
}

function bubble(message) {
  const { from, kind, warnings, answer } = message;
  const node = element("article", from === "user" ? "bubble mine" : "bubble");
  node.id = nodeId(message);
  node.tabIndex = -1;
  node.setAttribute("aria-label", `${from === "user" ? "user" : "bot"}, ${kind}, ${clock(message.received_at)}`);
  node.append(element("div", "inside", ...draw(message, templates)));
  const marks = [];
  if (warnings?.length) marks.push(element("span", "mark warned", `${warnings.length} ${warnings.length === 1 ? "warning" : "warnings"}`));
  if (answer?.fault) marks.push(element("span", "mark failed", `then ${answer.fault === "status" ? answer.status : answer.fault}`));
  const time = element("time", "", clock(message.received_at));
  time.dateTime = message.received_at;
  time.title = new Date(message.received_at).toLocaleString();
  const inside = node.firstChild;
  const presses = [...inside.children].find((child) => child.matches(".presses"));
  inside.insertBefore(element("footer", "", ...marks, time), presses ?? null);
  return node;
}

/** New messages at the end, unless one reads further up and does not wait for what one wrote. */
function append(arrived) {
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
  log.append(...nodes(latest));
  while (log.children.length > MOST) {
    open.messages.delete(log.firstElementChild.id);
    log.firstElementChild.remove();
    open.oldest = false;
  }
  log.scrollTop = log.scrollHeight;
  if (!selected || selected.user === open.user) show(latest.at(-1));
}

/** Older messages, when one scrolls up to the oldest that is drawn. */
async function older() {
  const first = open.messages.get(log.firstElementChild?.id);
  if (!first || open.oldest || open.reading) return;
  const here = open;
  here.reading = true;
  let messages;
  try {
    messages = await read("/sandbox/messages", { user: here.user, from: "all", limit: PAGE, before: first.number });
  } finally {
    // What could not be read is read when one scrolls again.
    here.reading = false;
  }
  // Another conversation may be open by now, or this one anew, or cleared.
  if (here !== open || open.messages.get(log.firstElementChild?.id) !== first) return;
  open.oldest = messages.length < PAGE;
  const height = log.scrollHeight - log.scrollTop;
  log.prepend(...nodes(messages));
  log.scrollTop = log.scrollHeight - height;
}

function showNewest() {
  const far = log.scrollHeight - log.scrollTop - log.clientHeight > 400;
  byId("newest").hidden = !open.user || !(far || open.missed || !open.newest);
  byId("newest-text").textContent = open.missed ? `${open.missed} new` : "Newest";
}

function pane(name) {
  app.dataset.pane = name;
}

function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

// ---- The user answers ---------------------------------------------------------------------------------------------

async function write(text, pressed, payload) {
  const user = open.user;
  const body = { text, in_reply_to: pressed?.id, payload: payload ?? undefined };
  open.wrote = true;
  const answer = await send("POST", `/sandbox/users/${encodeURIComponent(user)}/messages`, body);
  const webhook = answer.headers.get("x-sandbox-webhook");
  if (webhook) toast(`webhook: ${webhook}`);
  if (!open.newest) await openChat(user);
}

/** A button in a message was pressed. */
function press(event) {
  const message = open.messages.get(event.target.closest("article").id);
  const { options, label, opens, text, payload } = event.detail;
  if (options) return choose(message, label, options);
  if (opens !== undefined) return toast(`This would open ${opens || "nothing: it has no address"}`);
  return write(text, message, payload);
}

/** WhatsApp's sheet of a list's options. */
function choose(message, label, options) {
  byId("options-title").textContent = label;
  const fields = options.map((option, index) => {
    const input = element("input");
    Object.assign(input, { type: "radio", name: "option", value: String(index), required: true });
    const { title, description } = option ?? {};
    const words = element("span", "", element("b", "", String(title ?? "(no title)")), description && element("small", "", String(description)));
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

// ---- The request and its answer -----------------------------------------------------------------------------------

function show(message) {
  log.querySelector(".selected")?.classList.remove("selected");
  selected = message;
  if (!message) return byId("request-body").replaceChildren(element("p", "hint", "Choose a message to see its request."));
  const node = byId(nodeId(message));
  node?.classList.add("selected");
  log.querySelectorAll("article[tabindex='0']").forEach((other) => (other.tabIndex = -1));
  if (node) node.tabIndex = 0;
  byId("request-body").replaceChildren(...details(message));
}

function toggleRequest(is) {
  app.classList.toggle("with-request", is);
  byId("toggle-request").setAttribute("aria-expanded", String(app.classList.contains("with-request")));
}

// ---- What a person does -------------------------------------------------------------------------------------------

/** Moves the focus among `items`; says whether it did. */
function move(items, key) {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -items.length, End: items.length };
  if (!(key in steps) || !items.length) return false;
  const now = items.indexOf(document.activeElement);
  const next = Math.max(0, Math.min(items.length - 1, now + steps[key]));
  items[next].focus();
  return true;
}

function listenToPeople() {
  chatList.addEventListener("click", guarded((event) => {
    const entry = event.target.closest("li");
    if (entry) return openChat(entry.message.user, found ? entry.message : undefined);
  }));
  chatList.addEventListener("keydown", (event) => {
    if (move([...chatList.querySelectorAll("button")], event.key)) event.preventDefault();
  });
  byId("chats-scroll").addEventListener("scroll", ({ target }) => {
    if (target.scrollHeight - target.scrollTop - target.clientHeight > 400) return;
    if (drawnChats < (found?.length ?? chats.size)) {
      drawnChats += PAGE;
      showChats();
    }
  });

  byId("search").addEventListener("input", () => {
    clearTimeout(search.timer);
    search.timer = setTimeout(guarded(search), 150);
  });
  byId("search").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    chatList.querySelector("button")?.focus();
  });

  log.addEventListener("click", (event) => {
    const node = event.target.closest("article");
    if (!node || event.target.closest("button")) return;
    show(open.messages.get(node.id));
    if (String(getSelection()) === "") node.focus({ preventScroll: true });
  });
  log.addEventListener("press", guarded(press));
  log.addEventListener("keydown", (event) => {
    if (!event.target.matches("article")) return;
    const moved = move([...log.querySelectorAll("article")], event.key);
    if (moved) {
      event.preventDefault();
      show(open.messages.get(document.activeElement.id));
    } else if (event.key === "Enter") {
      toggleRequest(true);
      byId("request-body").focus();
    }
  });
  log.addEventListener("scroll", () => {
    if (log.scrollTop < 600) guarded(older)();
    showNewest();
  });
  byId("newest").addEventListener("click", guarded(() => openChat(open.user)));

  byId("composer").addEventListener("submit", guarded(async (event) => {
    event.preventDefault();
    const field = byId("write");
    const words = field.value.trim();
    if (!words) return;
    field.value = "";
    await write(words);
  }));
  byId("back").addEventListener("click", back);
  byId("toggle-request").addEventListener("click", () => toggleRequest());
  byId("close-request").addEventListener("click", closeRequest);
  byId("copy").addEventListener("click", guarded(async () => {
    if (!selected) return;
    await navigator.clipboard.writeText(JSON.stringify(selected, null, 2));
    toast("Copied");
  }));

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input") || document.querySelector("dialog[open]");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      pane("chats");
      byId("search").focus();
    } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      back();
    }
  });
}

function closeRequest() {
  toggleRequest(false);
  log.querySelector("article[tabindex='0']")?.focus();
}

/** One step back: from the request to the conversation, from there to the chats. */
function back() {
  const isOver = matchMedia("(max-width: 1180px)").matches;
  if (isOver ? app.classList.contains("with-request") : byId("request").contains(document.activeElement)) return closeRequest();
  if (byId("search").value && document.activeElement === byId("search")) {
    byId("search").value = "";
    return guarded(search)();
  }
  pane("chats");
  (entries.get(open.user)?.button ?? byId("search")).focus();
}

function listenToDialogs() {
  document.querySelectorAll("dialog").forEach((dialog) => {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  });
  byId("open-new").addEventListener("click", () => byId("new").showModal());
  byId("open-clear").addEventListener("click", () => byId("clear").showModal());
  byId("clear-all").addEventListener("click", guarded(async () => {
    byId("clear").close();
    await ask("/sandbox/messages", { method: "DELETE" });
  }));
  byId("new-chat").addEventListener("submit", guarded(async (event) => {
    event.preventDefault();
    const user = byId("new-user").value.trim();
    byId("new").close();
    if (user) await openChat(user);
    byId("write").focus();
  }));
}

/** Reads what the sandbox knows. */
async function readAll() {
  templates = await read("/sandbox/templates");
  const { instance, cleared, number } = await read("/sandbox/health");
  seen = number;
  const newest = await read("/sandbox/chats");
  for (const message of newest.reverse()) {
    chats.set(message.user, { message, unread: 0 });
    seen = Math.max(seen, message.number);
  }
  showRules(await read("/sandbox/faults"));
  showChats();
  shown = { instance, cleared };
}

/** Forgets what is shown and reads it again; the conversation and the search that are open stay so. */
async function readAnew() {
  const { user } = open;
  const { pane: before } = app.dataset;
  forget();
  await readAll();
  if (byId("search").value) await search();
  if (!user) return;
  await openChat(user);
  pane(before);
}

async function start() {
  byId("try").textContent = `export JELOUCTL_SANDBOX=${location.origin}\njelouctl send text --to 593987654321 "Hola"`;
  listenToPeople();
  listenToDialogs();
  listenToFaults();
  show(null);
  await readAll();
  listen();
}

guarded(start)();
