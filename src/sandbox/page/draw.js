// Draws one message as WhatsApp does, from its JSON body: by its wire type, and by its fields where a kind has none.
// Every text goes through textContent; no address in a message is fetched.

import { element, icon } from "./dom.js";
import { rich } from "./text.js";

/** Characters of a text that are shown at first. */
const LONG = 3000;

/** `value` as a text: messages hold anything. */
function text(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function object(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

function list(value) {
  return Array.isArray(value) ? value : [];
}

function paragraph(value, className = "words") {
  const raw = text(value);
  if (!raw) return null;
  const shown = element("div", className);
  shown.dir = "auto";
  if (raw.length <= LONG) {
    shown.append(...rich(raw));
    return shown;
  }
  const more = element("button", "more", "Read more");
  more.type = "button";
  more.addEventListener("click", (event) => {
    event.stopPropagation();
    shown.replaceChildren(...rich(raw));
  });
  shown.append(...rich(raw.slice(0, LONG)), "… ", more);
  return shown;
}

/** A button that looks like WhatsApp's; pressing it answers as the user. */
function pressable(label, symbol, answer) {
  const button = element("button", "press", symbol && icon(symbol), element("span", "", text(label) || "(no label)"));
  button.type = "button";
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    button.dispatchEvent(new CustomEvent("press", { bubbles: true, detail: answer }));
  });
  return button;
}

function presses(...buttons) {
  return element("div", "presses", ...buttons);
}

function note(...parts) {
  return element("p", "note", ...parts);
}

/** What would be at an address: never fetched. */
function media(symbol, className, address, name) {
  const file = text(name) || decodeName(text(address)) || "(no address)";
  const frame = element("div", `media ${className}`, icon(symbol), element("span", "file", file));
  frame.title = text(address);
  return frame;
}

function decodeName(address) {
  const last = address.split(/[?#]/)[0].split("/").pop() || address;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function drawText(body) {
  return [paragraph(body.text)];
}

function drawList(body) {
  const label = text(object(body.buttonText).text ?? body.buttonText) || "Options";
  const open = pressable(label, "list", { options: list(body.options), label, payload: null });
  open.setAttribute("aria-haspopup", "dialog");
  return [paragraph(body.title, "title"), paragraph(body.text), presses(open)];
}

function drawQuickReply(body) {
  const replies = list(body.quick_replies).map((reply) => {
    const { title, ...payload } = object(reply);
    return pressable(title, "reply", { text: text(title), payload: Object.keys(payload).length ? payload : null });
  });
  return [paragraph(body.title, "title"), paragraph(body.text), presses(...replies)];
}

function drawImage(body) {
  return [media("image", "picture", body.mediaUrl), paragraph(body.text)];
}

function drawVideo(body) {
  return [media("play", "picture film", body.mediaUrl), paragraph(body.text)];
}

function drawAudio(body) {
  const wave = element("div", "wave");
  wave.append(...Array.from({ length: 28 }, () => element("i", "")));
  const frame = media("play", "sound", body.mediaUrl);
  frame.insertBefore(wave, frame.lastChild);
  return [frame];
}

function drawFile(body) {
  const name = text(body.filename) || decodeName(text(body.mediaUrl));
  const ending = name.includes(".") ? name.split(".").pop().toUpperCase().slice(0, 6) : "";
  const frame = media("file", "document", body.mediaUrl, name);
  frame.append(element("span", "ending", ending));
  return [frame, paragraph(body.text)];
}

function drawSticker(body) {
  return [media("sticker", "sticker", body.mediaUrl)];
}

function drawLocation(body) {
  const { lat, long } = object(body.coordinates);
  const map = element("div", "map", icon("pin"));
  return [map, paragraph(body.name, "title"), paragraph(body.address), note(`${text(lat)}, ${text(long)}`)];
}

function drawLocationRequest(body) {
  const answer = { text: "📍 -0.1807, -78.4678", payload: { coordinates: { lat: -0.1807, long: -78.4678 } } };
  return [paragraph(body.text), presses(pressable("Send location", "pin", answer))];
}

function drawContactInfoRequest(body) {
  const contacts = [{ name: { formatted_name: "Ana Pérez", first_name: "Ana" }, phones: [{ phone: "+593987654321" }] }];
  const answer = { text: "👤 Ana Pérez, +593987654321", payload: { contacts } };
  return [paragraph(body.text), presses(pressable("Share contact info", "person", answer))];
}

function drawContacts(body) {
  return list(body.contacts).map((contact) => {
    const { name, phones, emails, org } = object(contact);
    const shown = text(object(name).formatted_name) || "(no name)";
    const details = [
      ...list(phones).map((phone) => [text(object(phone).phone), text(object(phone).type)]),
      ...list(emails).map((email) => [text(object(email).email), text(object(email).type)]),
    ];
    const lines = details.map(([value, type]) => element("p", "detail", value, type && element("span", "type", type)));
    const company = text(object(org).company);
    const card = element("div", "card-text", element("p", "title", shown), company && element("p", "detail", company), ...lines);
    const reachable = list(phones).some((phone) => object(phone).wa_id);
    const label = element("span", "label", reachable ? "Message" : "Save contact");
    return element("div", "contact", element("div", "contact-head", avatar(shown), card), label);
  });
}

function drawCtaUrl(body) {
  const { display_text: label, url } = object(body.parameters);
  const button = pressable(label, "link", { opens: text(url) });
  button.title = text(url);
  return [paragraph(body.title, "title"), paragraph(body.text), paragraph(body.caption, "caption"), presses(button), note(text(url))];
}

function drawCall(body) {
  const label = object(body.parameters).display_text;
  const button = pressable(label, "call", { opens: "a call to the bot" });
  return [paragraph(body.header, "title"), paragraph(body.text), presses(button)];
}

function drawFlow(body) {
  const parameters = object(body.parameters);
  const screen = text(object(parameters.flow_action_payload).screen);
  const flow = text(parameters.flow_name) || text(parameters.flow_id);
  const answer = { text: "Response sent", payload: { flow, screen, context: body.payload } };
  const button = pressable(parameters.flow_cta, "flow", answer);
  const draft = parameters.mode === "draft" ? element("span", "tag", "draft") : null;
  const opens = note("opens ", element("b", "", flow || "a flow"), screen && " at screen ", screen && element("b", "", screen), draft);
  return [paragraph(body.title, "title"), paragraph(body.text), paragraph(body.caption, "caption"), presses(button), opens];
}

function drawCarousel(body) {
  const cards = list(object(body.parameters).cards ?? body.cards);
  const strip = element("div", "carousel", ...cards.map(drawCard));
  strip.tabIndex = 0;
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", `Carousel of ${cards.length} cards`);
  return [paragraph(body.text), strip];
}

function drawCard(raw) {
  const { header, body, action } = object(raw);
  const { image, video } = object(header);
  const picture = image || video;
  const top = picture ? media(video ? "play" : "image", "picture", object(picture).link ?? picture) : null;
  const { name, parameters, buttons } = object(action);
  const link = object(parameters);
  const all = list(buttons).map((button) => {
    const { title, payload, id } = object(object(button).quick_reply);
    return pressable(title, "reply", { text: text(title), payload: payload ?? id ?? null });
  });
  if (name || link.url) all.push(pressable(link.display_text, "link", { opens: text(link.url) }));
  return element("div", "card", top, paragraph(object(body).text ?? body), presses(...all));
}

/** Places of a template's text filled with its parameters. */
function filled(raw, parameters) {
  return text(raw).replace(/\{\{\s*([\w.]+)\s*\}\}/g, (place, name) => {
    const value = Array.isArray(parameters) ? parameters[Number(name) - 1] : object(parameters)[name];
    return value === undefined ? place : text(value);
  });
}

/** What is told of a template that is not in the list, or not in this language. */
function doubt(name, language, named, samplesOnly) {
  if (!named.length) return samplesOnly ? `no sample is called ${name}` : "unknown template";
  if (language && !named.some((template) => isIn(template, language))) return `unknown language: ${language}`;
  return null;
}

function isIn(template, language) {
  return !template.language || text(template.language).toLowerCase() === language.toLowerCase();
}

function drawTemplate(body, templates, samplesOnly) {
  const name = text(body.elementName) || text(body.templateId) || text(body.template);
  const language = text(body.language);
  const named = templates.filter((template) => [template.elementName, template.id, template.templateId].map(text).includes(name));
  const known = named.find((template) => language && isIn(template, language)) ?? named[0];
  // Only a name is looked up: ids are known to Jelou alone.
  const doubtful = body.elementName ? doubt(name, language, named, samplesOnly) : null;
  const parameters = body.parameters;
  const head = body.mediaUrl ? media("image", "picture", body.mediaUrl, body.filename) : null;
  const values = Object.entries(object(Array.isArray(parameters) ? { ...parameters } : parameters));
  const table = values.map(([key, value]) => {
    const place = Array.isArray(parameters) ? Number(key) + 1 : key;
    return element("p", "detail", element("span", "type", `{{${place}}}`), text(value));
  });
  const words = known ? [paragraph(filled(known.template ?? known.text ?? known.body, parameters))] : table;
  const buttons = list(body.buttonParameters ?? known?.buttons).map((raw) => {
    const { text: label, title, type, payload, param } = object(raw);
    return pressable(label ?? title ?? payload ?? param ?? type, "reply", { text: text(label ?? title ?? payload ?? type), payload: payload ?? null });
  });
  const cards = list(body.cards).length ? drawCarousel({ cards: body.cards }) : [];
  const told = note("template ", element("b", "", name), language && ` (${language})`, doubtful && element("span", "tag", doubtful));
  return [head, ...words, ...cards, buttons.length ? presses(...buttons) : null, told];
}

function drawUnknown(body) {
  return [element("pre", "json", JSON.stringify(body, null, 2))];
}

const BY_TYPE = {
  text: drawText,
  quick_reply: drawQuickReply,
  image: drawImage,
  video: drawVideo,
  audio: drawAudio,
  file: drawFile,
  document: drawFile,
  sticker: drawSticker,
  location: drawLocation,
  location_request: drawLocationRequest,
  contact_info_request: drawContactInfoRequest,
  contacts: drawContacts,
  cta_url: drawCtaUrl,
  voice_call: drawCall,
  flow: drawFlow,
  carousel: drawCarousel,
};

function painter(body) {
  if (body.elementName || body.templateId || body.type === "template") return drawTemplate;
  if (Array.isArray(body.options)) return drawList;
  if (body.type === undefined && object(body.parameters).flow_cta) return drawFlow;
  const type = text(body.type).toLowerCase();
  return Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : drawUnknown;
}

/** The inside of a message's bubble. A kind whose fields are missing is shown as its JSON. */
export function draw(message, templates = [], samplesOnly = false) {
  const body = object(message.body);
  const paint = painter(body);
  const drawn = paint(body, templates, samplesOnly).filter(Boolean);
  return drawn.length ? drawn : drawUnknown(body);
}

/** A message on one line, for the list of chats. */
export function snippet(message) {
  const body = object(message.body);
  const first = [body.text, body.title, body.header].map(text).find(Boolean);
  const name = text(object(object(list(body.contacts)[0]).name).formatted_name);
  const line = first || name || text(body.name) || text(body.filename) || text(body.elementName);
  // Marks are for the eye; on one line they would only be in the way.
  const words = element("span", "", ...rich(line.slice(0, 160).replace(/\s+/g, " "))).textContent;
  return message.kind === "text" ? words : [message.kind, words].filter(Boolean).join(" · ");
}

/** A round picture with initials, its colour from the name. */
export function avatar(name) {
  const hash = [...name].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 8, 7);
  const words = name.match(/\p{L}+/gu);
  const initials = words ? words.slice(0, 2).map((word) => [...word][0]).join("") : "";
  return element("span", `avatar tint-${hash}`, initials ? initials.toUpperCase() : icon("person"));
}
