// The inbox: its links and its keys. After each event of the sandbox, the page reads the visible data again, only
// from the sandbox's own endpoints.

import { focusChat, leaveSearch, listenToChats, offerKinds, refreshChats, showCurrent } from "./chats.js";
import { closeChat, focusCurrent, listenToAnswers, listenToConversation, openChat, refreshConversation } from "./conversation.js";
import { byId, counted, pane, say } from "./dom.js";
import * as links from "./links.js";
import * as panel from "./panel.js";
import { focusRefused, listenToRefused, openRefused, refreshRefused, showRefused } from "./refused.js";
import { ask, guarded, state, toast } from "./state.js";
import { texts } from "./texts.js";

// ---- Events of the server -----------------------------------------------------------------------------------------

/** The last event, until it is drawn. */
let update = null;
let isShowing = false;

function listen() {
  const events = new EventSource("/sandbox/events");
  events.addEventListener("error", () => live(false));
  events.addEventListener("changed", guarded(async (event) => {
    update = JSON.parse(event.data);
    await refresh();
  }));
}

function live(is) {
  byId("live").textContent = is ? texts.live : texts.not_connected;
  byId("live").classList.toggle("on", is);
}

/** Reads the visible data again, and once more if it changes in the meantime. */
async function refresh() {
  if (isShowing) return;
  isShowing = true;
  try {
    while (update) {
      const health = update;
      update = null;
      await show(health);
    }
    live(true);
  } finally {
    isShowing = false;
  }
}

async function show(health) {
  const isAnother = health.instance !== state.health.instance;
  state.health = health;
  if (isAnother) {
    closeChat();
    await route();
  }
  showCounts(health);
  offerKinds(health.kinds);
  await Promise.all([refreshChats(), refreshConversation(), refreshRefused()]);
}

/** Shows the numbers of kept and dropped messages. */
function showCounts({ kept, dropped, refused_dropped: others }) {
  const parts = [counted(kept, "message")];
  if (dropped) parts.push(say("older_dropped", dropped));
  if (others) parts.push(say("refused_dropped", others));
  byId("counts").textContent = parts.join(" · ");
}

// ---- Links --------------------------------------------------------------------------------------------------------

async function route() {
  const link = links.read();
  const enters = state.enters;
  state.enters = false;
  if (link.pane === "chats") return pane("chats");
  if (link.pane === "refused") {
    await openRefused(link.number);
    showCurrent();
    return enters && focusRefused();
  }
  const at = link.id && !link.isOld ? await messageOf(link) : undefined;
  const isGone = link.id && !at;
  if (!(await openChat(link.user, at))) return;
  showRefused();
  if (isGone) {
    toast(say("message_gone", link.id));
    links.note(links.chatLink(link.user));
  }
  showCurrent();
  if (enters) focusCurrent();
}

/** The message of a link; undefined if the user has no such message. */
async function messageOf({ user, id }) {
  const answer = await fetch(`/sandbox/messages/${encodeURIComponent(id)}`);
  const message = answer.ok ? await answer.json() : undefined;
  return message?.user === user ? message : undefined;
}

// ---- User input ---------------------------------------------------------------------------------------------------

/** One step back: from the request to the conversation, or from the conversation to the chats. */
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
    const isBusy = byId("options").open;
    if (event.key === "/" && !event.target.matches("input, select") && !isBusy) {
      event.preventDefault();
      pane("chats");
      byId("search").focus();
    } else if (event.key === "Escape" && !isBusy) {
      back();
    }
  });
  byId("options").addEventListener("click", ({ target }) => {
    if (target === byId("options") || target.closest("[data-close]")) byId("options").close();
  });
  byId("open-new").addEventListener("click", guarded(async () => {
    const user = prompt(texts.ask_user)?.trim();
    if (!user) return;
    links.push(links.chatLink(user));
    await route();
    byId("write").focus();
  }));
  byId("open-clear").addEventListener("click", guarded(async () => {
    if (!confirm(texts.confirm_delete)) return;
    await ask("/sandbox/messages", { method: "DELETE" });
    closeChat();
    links.go("#");
  }));
}

byId("try").textContent = `export JELOUCTL_SANDBOX=${location.origin}\njelouctl send text --to 593987654321 "Hola"`;
listenToPeople();
panel.listenToPanel();
listenToConversation();
listenToAnswers();
listenToChats();
listenToRefused();
listen();
