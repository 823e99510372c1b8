// The page's addresses: `#/USER`, `#/USER/MESSAGE` and `#refused/NUMBER`. They make links to chats and messages possible,
// and Back returns to the previous one.

import { state } from "./state.js";

/**
 * The mark of the sandbox in a link to a message. Another sandbox, or this one after a clear, uses the same ids for other
 * messages. A link written by hand needs no mark.
 */
function mark() {
  const { instance, cleared } = state.health;
  return `@${instance.slice(0, 6)}${cleared ? `-${cleared}` : ""}`;
}

export function chatLink(user, message) {
  const id = message ? `/${encodeURIComponent(message.id)}${mark()}` : "";
  return `#/${encodeURIComponent(user)}${id}`;
}

export function refusedLink(refusal) {
  return refusal ? `#refused/${refusal.number}` : "#refused";
}

/** The chat, message or refused request of the address. */
export function read() {
  const refused = location.hash.match(/^#refused(?:\/(\d+))?$/);
  if (refused) return { pane: "refused", number: refused[1] && Number(refused[1]) };
  const chat = location.hash.match(/^#\/([^/]+)(?:\/([^/@]+)(@[^/]*)?)?$/);
  if (!chat) return { pane: "chats" };
  try {
    const [user, id] = [decodeURIComponent(chat[1]), chat[2] && decodeURIComponent(chat[2])];
    return { pane: "talk", user, id, isOld: chat[3] !== undefined && chat[3] !== mark() };
  } catch {
    return { pane: "chats" };
  }
}

/** Goes to an address, like a link. */
export function go(link) {
  if (location.hash === link) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = link;
}

/** Like [`go`], if the caller draws the target. */
export function push(link) {
  history.pushState(null, "", link);
}

/** Replaces the address, without a step for Back. */
export function note(link) {
  history.replaceState(null, "", link);
}
