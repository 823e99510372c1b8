// Elements and texts that all parts of the page share. Knows nothing about messages.

import { texts } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with a class and children, which are texts or nodes. */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** One of the page's symbols. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button that shows a symbol or a word. */
export function button(className, ...children) {
  const made = element("button", className, ...children);
  made.type = "button";
  return made;
}

/** The locale of times and numbers: the browser's own one in English. */
const locale = texts.language === "en" ? [] : texts.language;

export function clock(time) {
  return new Date(time).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
}

export function fullTime(time) {
  return new Date(time).toLocaleString(locale);
}

/** A text of the page with its value. */
export function say(name, value) {
  return texts[name].replace("{}", () => (typeof value === "number" ? value.toLocaleString(locale) : value));
}

/** `1 warning`, `2 warnings` */
export function counted(number, name) {
  return say(`${name}_${number === 1 ? 1 : "n"}`, number);
}

/** Makes `nodes` the children of `list`. Existing children do not change, so they keep the focus. */
export function fill(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

/** Moves the focus among `items`. Returns whether it moved. */
export function move(items, key) {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -items.length, End: items.length };
  if (!(key in steps) || !items.length) return false;
  const now = items.indexOf(document.activeElement);
  const next = Math.max(0, Math.min(items.length - 1, now + steps[key]));
  items[next].focus();
  return true;
}

/** Shows one of the panes, if the screen has room for only one. */
export function pane(name) {
  byId("app").dataset.pane = name;
}
