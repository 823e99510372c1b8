// How far a message of the bot has come, as WhatsApp shows it: one tick, two, two in blue; or that it failed.

import { element, icon } from "./dom.js";

/** State → what is said of it, and the symbols that show it. */
const STATES = {
  at_whatsapp: ["At WhatsApp", "tick"],
  delivered: ["Delivered", "ticks"],
  read: ["Read", "ticks"],
  replied: ["Replied", "ticks", "reply"],
};

/** The ticks of a message; nothing for what a user wrote. */
export function ticks({ from, delivery }) {
  if (from === "user") return null;
  const { state, code, reason } = delivery ?? { state: "at_whatsapp" };
  if (state === "undelivered") {
    const node = element("span", "ticks mark failed", `undelivered ${code}`);
    node.title = reason;
    return node;
  }
  const [words, ...symbols] = STATES[state];
  const node = element("span", `ticks ${state}`, ...symbols.map(icon));
  node.title = words;
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", words);
  return node;
}
