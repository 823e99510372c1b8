// Elements of the page, and what every part of it says in the same way. It knows nothing of messages.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with a class, its children texts or nodes. */
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

export function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** `1 warning`, `2 warnings` */
export function counted(number, word) {
  return `${number.toLocaleString()} ${word}${number === 1 ? "" : "s"}`;
}

/** Makes `nodes` the children of `list`. What is there already is left alone, so that it keeps the focus. */
export function fill(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

/** Moves the focus among `items`; says whether it did. */
export function move(items, key) {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -items.length, End: items.length };
  if (!(key in steps) || !items.length) return false;
  const now = items.indexOf(document.activeElement);
  const next = Math.max(0, Math.min(items.length - 1, now + steps[key]));
  items[next].focus();
  return true;
}

/** Shows one of the panes where the screen has room for one. */
export function pane(name) {
  byId("app").dataset.pane = name;
}
