// A message as a bubble of the conversation, with its time and what is to be said of it.

import { clock, counted, element } from "./dom.js";
import { draw, ticks } from "./draw.js";

export const nodeId = (message) => `m${message.number}`;

export function bubble(message) {
  const { from, kind, warnings, answer } = message;
  const node = element("article", from === "user" ? "bubble mine" : "bubble");
  node.id = nodeId(message);
  node.tabIndex = -1;
  node.setAttribute("aria-label", `${from === "user" ? "user" : "bot"}, ${kind}, ${clock(message.received_at)}`);
  const inside = element("div", "inside", ...draw(message.drawn));
  // Tab goes from message to message's end, not through a hundred buttons: the arrows lead into the one that is looked at.
  inside.querySelectorAll("button").forEach((button) => (button.tabIndex = -1));
  node.append(inside);
  const marks = [];
  if (warnings?.length) marks.push(element("span", "mark warned", counted(warnings.length, "warning")));
  if (answer?.fault) marks.push(element("span", "mark failed", `then ${answer.fault === "status" ? answer.status : answer.fault}`));
  const time = element("time", "", clock(message.received_at));
  time.dateTime = message.received_at;
  time.title = new Date(message.received_at).toLocaleString();
  const presses = [...inside.children].find((child) => child.matches(".presses"));
  inside.insertBefore(element("footer", "", ...marks, time, ticks(message)), presses ?? null);
  return node;
}

/** Shows at a bubble how far its message has come by now. */
export function showDelivery(node, message) {
  const [shown, now] = [node.querySelector(".ticks"), ticks(message)];
  if (now && !now.isEqualNode(shown)) shown.replaceWith(now);
  return node;
}

/** Moves among the buttons inside a message, or back to it; says whether it did. */
export function moveInside(key) {
  const node = document.activeElement?.closest("article");
  if (!node) return false;
  const buttons = [...node.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  const isInside = at >= 0;
  if (key === "ArrowRight" || (isInside && key === "ArrowDown")) (buttons[at + 1] ?? document.activeElement).focus();
  else if (isInside && ["ArrowLeft", "ArrowUp"].includes(key)) (buttons[at - 1] ?? node).focus();
  else if (isInside && key === "Escape") node.focus();
  else return false;
  return true;
}
