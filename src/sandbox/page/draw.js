// Draws one message like WhatsApp, from the sandbox's parts, and its bubble with time and status. Every text becomes a
// text node, so that no message can add markup. Links are only drawn, and no URL of a message is fetched.

import { button, clock, counted, element, fullTime, icon, say } from "./dom.js";
import { texts } from "./texts.js";

function paragraph(lines, className = "words") {
  const shown = element("div", className, ...rich(lines));
  shown.dir = "auto";
  return shown;
}

/** A button like WhatsApp's. Pressing it answers as the user. */
function pressable(label, symbol, press) {
  const made = button("press", icon(symbol), element("span", "", label));
  if (press.opens) made.title = press.opens;
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    made.dispatchEvent(new CustomEvent("press", { bubbles: true, detail: press }));
  });
  return made;
}

function openOptions(sheet) {
  const open = pressable(sheet.label, "list", sheet);
  open.setAttribute("aria-haspopup", "dialog");
  return open;
}

const FILES = {
  image: ["image", "picture"],
  video: ["play", "picture film"],
  audio: ["play", "sound"],
  sticker: ["sticker", "sticker"],
};

/** A placeholder for the file at a URL, which is never fetched. */
function drawMedia({ what, address, name }) {
  const [symbol, className] = FILES[what] ?? ["file", "document"];
  const file = name ?? decodeName(address);
  const frame = element("div", `media ${className}`, icon(symbol), element("span", "file", file));
  frame.title = address;
  if (className === "document") {
    frame.append(element("span", "ending", file.includes(".") ? file.split(".").pop().toUpperCase().slice(0, 6) : ""));
  }
  return [frame];
}

function decodeName(address) {
  const last = address.split(/[?#]/)[0].split("/").pop() || address;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Degrees with the side of the equator or of Greenwich: `0.18° S`. */
const degrees = (value, positive, negative) => `${Math.abs(value)}° ${value < 0 ? negative : positive}`;

function drawPlace({ name, address, coordinates: { lat, long } }) {
  const at = element("p", "note", `${degrees(lat, "N", "S")}, ${degrees(long, "E", texts.west)}`);
  return [element("div", "map", icon("pin")), name && element("div", "title", name), address && element("div", "words", address), at];
}

function drawContact({ name: { formatted_name: name }, org, phones, emails }) {
  const details = [...(phones ?? []), ...(emails ?? [])];
  const lines = details.map(({ phone, email, type }) => element("p", "detail", phone ?? email, type && element("span", "type", type)));
  const company = org?.company && element("p", "detail", org.company);
  const card = element("div", "card-text", element("p", "title", name), company, ...lines);
  const label = element("span", "label", phones?.some((phone) => phone.wa_id) ? texts.write_to_contact : texts.save_contact);
  return [element("div", "contact", element("div", "contact-head", avatar(name), card), label)];
}

function drawCards(cards) {
  const strip = element("div", "carousel", ...cards.map((card) => element("div", "card", ...draw(card))));
  strip.tabIndex = 0;
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", say("carousel", cards.length));
  return [strip];
}

/** A note for developers: each text with its style. */
function drawNote(words) {
  return [element("p", "note", ...words.map(([look, text]) => (look === "b" ? element("b", "", text) : look ? element("span", look, text) : text)))];
}

function drawTemplate({ lines, values, parts }) {
  const table = values.map(([place, value]) => element("p", "detail", element("span", "type", `{{${place}}}`), value));
  return [...(lines ? [paragraph(lines)] : table), ...draw(parts)];
}

const DRAWINGS = {
  text: ({ look, lines }) => [paragraph(lines, look)],
  media: drawMedia,
  place: drawPlace,
  contact: drawContact,
  cards: drawCards,
  template: drawTemplate,
  note: drawNote,
  json: (body) => [element("pre", "json", JSON.stringify(body, null, 2))],
};

/** The content of a message's bubble. Adjacent buttons form a group. */
export function draw(parts) {
  const nodes = [];
  for (const part of parts) {
    const { is, drawing = is, of = part } = part;
    const pressed = drawing === "button" ? pressable(part.label, part.icon, part.press) : drawing === "options" && openOptions(of);
    if (!pressed) nodes.push(...DRAWINGS[drawing](of).filter(Boolean));
    else if (nodes.at(-1)?.className === "presses") nodes.at(-1).append(pressed);
    else nodes.push(element("div", "presses", pressed));
  }
  return nodes;
}

/** A message on one line without formatting, for the list of chats. */
export function snippet({ kind, drawn }) {
  const texts = drawn.filter((part) => part.is === "text");
  const said = texts.find((part) => !part.look) ?? texts[0];
  const line = said ? words(said.lines) : drawn.map(({ name, of }) => name ?? of?.name?.formatted_name ?? of?.name).find((text) => typeof text === "string");
  const shown = (line ?? "").slice(0, 160).replace(/\s+/g, " ");
  return kind === "text" ? shown : [kind, shown].filter(Boolean).join(" · ");
}

/** A round picture with initials, its colour from the name. */
export function avatar(name) {
  const hash = [...name].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 8, 7);
  const initial = name.match(/\p{L}+/gu);
  const initials = initial ? initial.slice(0, 2).map((word) => [...word][0]).join("") : "";
  return element("span", `avatar tint-${hash}`, initials ? initials.toUpperCase() : icon("person"));
}

// ---- The lines of a text -------------------------------------------------------------------------------------------

const MARKS = { b: "strong", i: "em", s: "s", m: "code" };
const BLOCKS = { quote: ["blockquote", "div"], item: ["ul", "li"], numbered: ["ol", "li"], code: ["code", null] };

/** The nodes of `lines`. Adjacent quotes, list items and code form a group. */
function rich(lines) {
  const nodes = [];
  let group = null;
  let before = null;
  for (const { block = "", number, spans } of lines) {
    const inside = spans.map(look);
    const [outer, part] = BLOCKS[block] ?? [];
    if (!outer) {
      if (before === "") nodes.push("\n");
      nodes.push(...inside);
    } else {
      if (block !== before) {
        group = element(outer, part ? "" : "block");
        if (number) group.start = number;
        nodes.push(group);
      } else if (!part) group.append("\n");
      group.append(...(part ? [element(part, "", ...inside)] : inside));
    }
    before = block;
  }
  return nodes;
}

function look({ look: looks = "", text }) {
  return looks.split(" ").reduceRight((inside, one) => {
    if (MARKS[one]) return element(MARKS[one], "", inside);
    if (one !== "link") return inside;
    const link = element("span", "link", inside);
    link.title = texts.no_links;
    return link;
  }, text);
}

/** The text of `lines`, without styles. */
function words(lines) {
  return lines.map(({ spans }) => spans.map(({ text }) => text).join("")).join(" ");
}

// ---- Delivery status -----------------------------------------------------------------------------------------------

/** Status → its symbols. */
const STATES = {
  at_whatsapp: ["tick"],
  delivered: ["ticks"],
  read: ["ticks"],
  replied: ["ticks", "reply"],
};

/** The ticks of a bot's message. */
export function ticks({ from, delivery }) {
  if (from === "user") return null;
  const { state, code, reason } = delivery ?? { state: "at_whatsapp" };
  if (state === "undelivered") {
    const node = element("span", "ticks mark failed", say("undelivered", String(code ?? "")).trim());
    node.title = reason ?? "";
    return node;
  }
  const words = texts[state];
  const node = element("span", `ticks ${state}`, ...STATES[state].map(icon));
  node.title = words;
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", words);
  return node;
}

// ---- The bubble ----------------------------------------------------------------------------------------------------

export const nodeId = (message) => `m${message.number}`;

export function bubble(message) {
  const { from, kind, warnings, answer } = message;
  const node = element("article", from === "user" ? "bubble mine" : "bubble");
  node.id = nodeId(message);
  node.tabIndex = -1;
  node.setAttribute("aria-label", `${texts[from]}, ${kind}, ${clock(message.received_at)}`);
  const inside = element("div", "inside", ...draw(message.drawn));
  // Tab skips the buttons, because there may be a hundred. The arrow keys reach the buttons of the current message.
  inside.querySelectorAll("button").forEach((button) => (button.tabIndex = -1));
  node.append(inside);
  const marks = [];
  if (warnings?.length) marks.push(element("span", "mark warned", counted(warnings.length, "warning")));
  if (answer?.fault) marks.push(element("span", "mark failed", say("then", answer.fault === "status" ? String(answer.status) : answer.fault)));
  const time = element("time", "", clock(message.received_at));
  time.dateTime = message.received_at;
  time.title = fullTime(message.received_at);
  const presses = [...inside.children].find((child) => child.matches(".presses"));
  inside.insertBefore(element("footer", "", ...marks, time, ticks(message)), presses ?? null);
  return node;
}

/** Updates the delivery status in a bubble. */
export function showDelivery(node, message) {
  const [shown, now] = [node.querySelector(".ticks"), ticks(message)];
  if (now && !now.isEqualNode(shown)) shown.replaceWith(now);
  return node;
}

/** Moves among the buttons of a message, or back to it. Returns whether it moved. */
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
