// The panel next to a conversation: the selected request, its response, and buttons to copy it.

import { byId, element, move, say } from "./dom.js";
import { guarded, state, toast, wrongFields } from "./state.js";
import { texts } from "./texts.js";

/** Shows a message or a refused request; a hint if there is none. */
export function show(selected, isRefused = false) {
  state.selected = selected;
  const body = byId("request-body");
  byId("copies").hidden = !selected?.request;
  byId("copy-jelouctl").hidden = isRefused;
  if (!selected) return body.replaceChildren(element("p", "hint", texts.choose_message));
  body.replaceChildren(...(isRefused ? refusedDetails(selected) : details(selected)));
  body.scrollTop = 0;
}

/** Makes `node` the current one of `list`: the panel shows its request, and the keys move from there. */
export function select(list, node, selected, isRefused) {
  list.querySelector(".selected")?.classList.remove("selected");
  list.querySelectorAll("article[tabindex='0']").forEach((other) => (other.tabIndex = -1));
  node?.classList.add("selected");
  if (node) node.tabIndex = 0;
  show(selected, isRefused);
}

/** Makes the articles of `list` selectable. */
export function listenToArticles(list, choose) {
  list.addEventListener("click", (event) => {
    const node = event.target.closest("article");
    if (!node || event.target.closest("button")) return;
    choose(node);
    if (String(getSelection()) === "") node.focus({ preventScroll: true });
  });
  list.addEventListener("keydown", (event) => {
    if (!event.target.matches("article")) return;
    if (move([...list.querySelectorAll("article")], event.key)) {
      event.preventDefault();
      choose(document.activeElement);
    } else if (event.key === "Enter") {
      enter();
    }
  });
}

/** Updates the selected request. */
export function showAgain(selected) {
  const { scrollTop } = byId("request-body");
  show(selected);
  byId("request-body").scrollTop = scrollTop;
}

export function isOpen() {
  return byId("app").classList.contains("with-request");
}

/** Opens or closes the panel, if it covers the conversation. */
export function toggle(is = !isOpen()) {
  byId("app").classList.toggle("with-request", is);
  for (const opener of document.querySelectorAll("[aria-controls='request']")) opener.setAttribute("aria-expanded", String(is));
}

/** Opens the panel and moves the focus there. */
export function enter() {
  toggle(true);
  byId("request-body").focus();
}

export function close() {
  toggle(false);
  document.querySelector(".talk:not([hidden]) article[tabindex='0']")?.focus();
}

export function listenToPanel() {
  for (const opener of document.querySelectorAll("[aria-controls='request']")) opener.addEventListener("click", () => toggle());
  byId("close-request").addEventListener("click", close);
  const copies = { "copy-curl": curl, "copy-jelouctl": jelouctl };
  for (const [id, write] of Object.entries(copies)) {
    byId(id).addEventListener("click", guarded(async () => {
      await navigator.clipboard.writeText(write(state.selected));
      toast(texts.copied);
    }));
  }
}

// ---- Content: the request, without secrets, and its response ------------------------------------------------------

/** The parts of the panel. */
function details(message) {
  const { request, answer, warnings, body, id, received_at, bot, delivery } = message;
  const parts = [fields({ id, kind: message.kind, bot, user: message.user, received: received_at })];
  if (warnings?.length) parts.push(section(texts.warnings, element("ul", "warnings", ...warnings.map((warning) => element("li", "", warning)))));
  if (request) parts.push(section(texts.request, element("p", "line", element("b", "", request.method), ` ${request.path}`), fields(request.headers)));
  parts.push(section(request ? texts.body : texts.users_message, json(body)));
  if (answer) parts.push(answered(answer));
  if (delivery) parts.push(section(texts.delivery, fields(delivery)));
  return parts;
}

/** The parts of the panel for a refused request, starting with the wrong fields. */
function refusedDetails(refusal) {
  const { request, body, answer, user, kind, received_at } = refusal;
  const known = Object.entries({ kind, user, received: received_at }).filter(([, value]) => value);
  const wrong = wrongFields(refusal).map(([path, problem]) => element("li", "", element("code", "", path), ` ${problem}`));
  return [
    wrong.length ? section(texts.fields, element("ul", "problems", ...wrong)) : null,
    section(texts.request, element("p", "line", element("b", "", request.method), ` ${request.path}`), fields(request.headers)),
    body === null ? null : section(texts.body, json(body)),
    answered(answer),
    fields(Object.fromEntries(known)),
  ].filter(Boolean);
}

function answered(answer) {
  const fault = answer.fault && element("span", "mark failed", say("fault", answer.fault));
  const status = answer.status ? `HTTP ${answer.status} ` : `${texts.no_response} `;
  const body = answer.body === undefined || answer.body === null ? null : json(answer.body);
  return section(texts.response, element("p", "line", element("b", "", status), fault), body);
}

function section(title, ...children) {
  return element("section", "", element("h3", "", title), ...children);
}

/** Names with their values. The page's own names are in its language. */
function fields(values) {
  const rows = Object.entries(values).flatMap(([name, value]) => [element("dt", "", texts[name] ?? name), element("dd", "", String(value))]);
  return element("dl", "", ...rows);
}

/** JSON, or a text that is not JSON. */
function json(value) {
  const lines = typeof value === "string" ? value : JSON.stringify(value ?? null, null, 2);
  return element("pre", "json", lines.slice(0, 200_000));
}

// ---- A request as a command to paste, which sends it only to this sandbox -----------------------------------------

/** For a POSIX shell. */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** As `curl`, with the sandbox's credentials. */
function curl({ request, body }) {
  const parts = ["curl --user sandbox:sandbox"];
  if (request.method !== "POST") parts.push(`--request ${request.method}`);
  if (body !== null && body !== undefined) {
    parts.push("--header 'content-type: application/json'");
    parts.push(`--data-raw ${quoted(typeof body === "string" ? body : JSON.stringify(body))}`);
  }
  parts.push(quoted(location.origin + request.path));
  return parts.join(" ");
}

/** As `jelouctl send …`. */
function jelouctl({ request, kind, user, body }) {
  const command = kind === "flow-message" ? kind : `send ${kind === "template-by-id" ? "template" : kind}`;
  const own = Object.keys(body).filter((name) => !["type", "userId"].includes(name));
  const isPlain = kind === "text" && own.join() === "text" && /^[^-\p{Cc}][^\p{Cc}]*$/u.test(String(body.text));
  const start = `JELOUCTL_SANDBOX=${location.origin} jelouctl ${command}`;
  if (isPlain) return `${start} --to ${quoted(user)} ${quoted(body.text)}`;
  const to = kind === "flow-message" ? ` --to ${quoted(user)}` : "";
  const campaign = request.path.match(/\/campaigns\/([^/]+)\//)?.[1];
  const of = campaign ? ` --campaign ${quoted(decodeURIComponent(campaign))}` : "";
  return `printf '%s' ${quoted(JSON.stringify(body))} | ${start}${to}${of} --body -`;
}
