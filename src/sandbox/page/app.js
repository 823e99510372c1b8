// The inbox: what the sandbox tells, where an address leads, and the keys. It reads the sandbox's own endpoints and nothing
// else; messages arrive by server-sent events and are drawn in batches.

import { listenToAnswers } from "./answering.js";
import { focusChat, forgetChats, isWhole, leaveSearch, listenToChats, offerKind, refreshChats, search, showChats } from "./chats.js";
import { append, closeChat, focusCurrent, forgetMessages, listenToConversation, markRead, openChat, refreshDelivery } from "./conversation.js";
import { byId, counted, pane } from "./dom.js";
import { listenToFaults, showRules } from "./faults.js";
import * as links from "./links.js";
import * as panel from "./panel.js";
import { focusRefused, forgetRefused, listenToRefused, openRefused, readRefused, showRefused, takeRefused } from "./refused.js";
import { ask, guarded, read, toast } from "./server.js";
import { state } from "./state.js";

/** Milliseconds between two batches of new messages, and between two looks at how many are kept. */
const BATCH = 60;
const COUNTING = 1000;

let arriving = [];
let arrivingRefused = [];
let counting = false;
let refreshing = false;

// ---- What the server says -----------------------------------------------------------------------------------------

function listen() {
  const events = new EventSource(`/sandbox/events?drawn=true&since=${state.seen}`);
  // The first event of each connection. While there was none, another sandbox may have begun, or this one forgotten something.
  events.addEventListener("sandbox", guarded(async (event) => {
    const told = JSON.parse(event.data);
    if (Object.entries(told).every(([name, value]) => state.shown[name] === value)) {
      showRules(await read("/sandbox/faults"));
      await Promise.all([refreshChats(), refreshDelivery()]);
      return readRefused();
    }
    events.close();
    await readAnew();
    listen();
  }));
  events.addEventListener("open", () => live(true));
  events.addEventListener("error", () => live(false));
  events.addEventListener("message", (event) => {
    if (!arriving.length) setTimeout(arrive, BATCH);
    arriving.push(event.data);
  });
  events.addEventListener("refused", (event) => {
    if (!arrivingRefused.length) setTimeout(arriveRefused, BATCH);
    arrivingRefused.push(event.data);
  });
  events.addEventListener("cleared", (event) => {
    state.shown.cleared = JSON.parse(event.data).cleared;
    forget();
    count();
  });
  events.addEventListener("deleted", guarded(async (event) => {
    state.shown.deleted = JSON.parse(event.data).deleted;
    await readAnew();
  }));
  events.addEventListener("receipts", refreshSoon);
  events.addEventListener("faults", (event) => showRules(JSON.parse(event.data)));
}

function live(is) {
  byId("live").textContent = is ? "live" : "not connected";
  byId("live").classList.toggle("on", is);
}

/** Takes over what has arrived since the last batch. */
function arrive() {
  const { chats, open } = state;
  const batch = arriving.map((json) => JSON.parse(json)).filter((message) => message.number > state.seen);
  arriving = [];
  const here = [];
  for (const message of batch) {
    state.seen = message.number;
    const isRead = message.user === open.user && !byId("talk").hidden;
    const unread = (chats.get(message.user)?.unread ?? 0) + (isRead ? 0 : 1);
    chats.delete(message.user);
    chats.set(message.user, { message, unread });
    offerKind(message.kind);
    if (message.user === open.user) here.push(message);
  }
  if (here.length) {
    append(here);
    guarded(markRead)();
  }
  if (batch.length && isWhole()) showChats();
  // What arrives is told without what became of it by now.
  if (batch.length) refreshSoon();
  count();
}

/** Shows what became of the messages by now; at most once a batch. */
function refreshSoon() {
  if (refreshing) return;
  refreshing = true;
  setTimeout(guarded(() => {
    refreshing = false;
    return Promise.all([refreshChats(), refreshDelivery()]);
  }), BATCH);
}

function arriveRefused() {
  const batch = arrivingRefused.map((json) => JSON.parse(json));
  arrivingRefused = [];
  takeRefused(batch);
  showChats();
  count();
}

/** How many messages are kept and how many were dropped; at most once a second. */
function count() {
  if (counting) return;
  counting = true;
  setTimeout(guarded(async () => {
    counting = false;
    showCounts(await read("/sandbox/health"));
  }), COUNTING);
}

function showCounts({ kept, dropped, refused_dropped: others }) {
  const parts = [counted(kept, "message")];
  if (dropped) parts.push(`${dropped.toLocaleString()} older dropped`);
  if (others) parts.push(`${others.toLocaleString()} refused dropped`);
  byId("counts").textContent = parts.join(" · ");
}

function forget() {
  arriving = [];
  arrivingRefused = [];
  forgetMessages();
  forgetRefused();
  forgetChats();
}

/** Reads what the sandbox knows. */
async function readAll() {
  const health = await read("/sandbox/health");
  const { instance, cleared, deleted, number } = health;
  health.kinds.forEach(offerKind);
  state.seen = number;
  const newest = await read("/sandbox/chats", { drawn: true });
  for (const message of newest.reverse()) {
    state.chats.set(message.user, { message, unread: 0 });
    state.seen = Math.max(state.seen, message.number);
  }
  await readRefused();
  state.unseen = 0;
  showRules(await read("/sandbox/faults"));
  showCounts(health);
  showChats();
  state.shown = { instance, cleared, deleted };
}

/** Forgets what is shown and reads it again; the conversation and the search that are open stay so. */
async function readAnew() {
  forget();
  await readAll();
  await search();
  await route();
  const { user } = state.open;
  if (links.read().pane === "chats" && user) {
    await openChat(user);
    pane("chats");
  }
}

// ---- Where an address leads ---------------------------------------------------------------------------------------

async function route() {
  const link = links.read();
  const enters = state.enters;
  state.enters = false;
  if (link.pane === "chats") return pane("chats");
  if (link.pane === "refused") {
    openRefused(link.number);
    showChats();
    return enters && focusRefused();
  }
  const at = link.id && !link.isOld ? await messageOf(link) : undefined;
  const isGone = link.id && !at;
  if (!(await openChat(link.user, at))) return;
  showRefused();
  if (isGone) {
    toast(`Message ${link.id} is gone: it was dropped or cleared, or the sandbox was started again`);
    links.note(links.chatLink(link.user));
  }
  showChats();
  if (enters) focusCurrent();
}

/** The message that a link names; nothing where there is none with that user. */
async function messageOf({ user, id }) {
  const answer = await fetch(`/sandbox/messages/${encodeURIComponent(id)}`);
  const message = answer.ok ? await answer.json() : undefined;
  return message?.user === user ? message : undefined;
}

// ---- What a person does -------------------------------------------------------------------------------------------

/** One step back: from the request to the conversation, from there to the chats. */
function back() {
  const isOver = matchMedia("(max-width: 1180px)").matches;
  if (isOver ? panel.isOpen() : byId("request").contains(document.activeElement)) return panel.close();
  if (document.activeElement === byId("search") && leaveSearch()) return;
  const { user } = state.open;
  const isRefused = !byId("refused").hidden;
  links.go("#");
  pane("chats");
  if (isRefused && !byId("open-refused").hidden) byId("open-refused").focus();
  else focusChat(user);
}

function listenToPeople() {
  addEventListener("hashchange", guarded(route));
  document.querySelectorAll(".back").forEach((button) => button.addEventListener("click", back));
  document.addEventListener("keydown", (event) => {
    const isBusy = document.querySelector("dialog[open]");
    if (event.key === "/" && !event.target.matches("input, select") && !isBusy) {
      event.preventDefault();
      pane("chats");
      byId("search").focus();
    } else if (event.key === "Escape" && !isBusy) {
      back();
    }
  });
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
    closeChat();
    links.go("#");
  }));
  byId("new-chat").addEventListener("submit", guarded(async (event) => {
    event.preventDefault();
    const user = byId("new-user").value.trim();
    byId("new").close();
    if (!user) return;
    links.push(links.chatLink(user));
    await route();
    byId("write").focus();
  }));
}

async function start() {
  byId("try").textContent = `export JELOUCTL_SANDBOX=${location.origin}\njelouctl send text --to 593987654321 "Hola"`;
  listenToPeople();
  panel.listenToPanel();
  listenToConversation();
  listenToAnswers();
  listenToChats();
  listenToRefused();
  listenToFaults();
  panel.show(null);
  await readAll();
  await route();
  listen();
}

guarded(start)();
