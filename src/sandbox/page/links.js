// The page's addresses: `#/USER`, `#/USER/MESSAGE` and `#refused/NUMBER`, so that a chat or a message can be linked to and
// Back leads to what was looked at before.

import { state } from "./state.js";

/**
 * A link to a message says of which sandbox it is: the ids of another one, or of this one once it was cleared, begin anew and
 * are other messages. One written by hand needs no such mark.
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

/** What the address names. */
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

/** Goes to an address, as a link does. */
export function go(link) {
  if (location.hash === link) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = link;
}

/** As [`go`], for who carries on by himself. */
export function push(link) {
  history.pushState(null, "", link);
}

/** Says where one is by now; Back does not lead to each step of it. */
export function note(link) {
  history.replaceState(null, "", link);
}
