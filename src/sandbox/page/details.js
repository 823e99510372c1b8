// What stands beside a message: its request, without secrets, and what its sender was told.

import { element } from "./dom.js";

/** The parts of the panel. */
export function details(message) {
  const { request, answer, warnings, body, id, received_at, bot, delivery } = message;
  const parts = [fields({ id, kind: message.kind, bot, user: message.user, received: received_at })];
  if (warnings?.length) parts.push(section("Warnings", element("ul", "warnings", ...warnings.map((warning) => element("li", "", warning)))));
  if (request) parts.push(section("Request", element("p", "line", element("b", "", request.method), ` ${request.path}`), fields(request.headers)));
  parts.push(section(request ? "Body" : "What the user wrote", json(body)));
  if (answer) parts.push(answered(answer));
  if (delivery) parts.push(section("Delivery", fields(delivery)));
  return parts;
}

/** The parts of the panel for a request that was refused: first what is wrong with it. */
export function refusedDetails({ request, body, answer, fields: problems, user, kind, received_at }) {
  const known = Object.entries({ kind, user, received: received_at }).filter(([, value]) => value);
  const wrong = Object.entries(problems ?? {}).map(([path, problem]) => element("li", "", element("code", "", path), ` ${problem}`));
  return [
    wrong.length ? section("Fields", element("ul", "problems", ...wrong)) : null,
    section("Request", element("p", "line", element("b", "", request.method), ` ${request.path}`), fields(request.headers)),
    body === null ? null : section("Body", json(body)),
    answered(answer),
    fields(Object.fromEntries(known)),
  ].filter(Boolean);
}

function answered(answer) {
  const fault = answer.fault && element("span", "mark failed", `fault: ${answer.fault}`);
  const status = answer.status ? `HTTP ${answer.status} ` : "no answer ";
  const body = answer.body === undefined || answer.body === null ? null : json(answer.body);
  return section("Answer", element("p", "line", element("b", "", status), fault), body);
}

function section(title, ...children) {
  return element("section", "", element("h3", "", title), ...children);
}

function fields(values) {
  const rows = Object.entries(values).flatMap(([name, value]) => [element("dt", "", name), element("dd", "", String(value))]);
  return element("dl", "", ...rows);
}

/** JSON with its keys marked. */
function json(value) {
  if (typeof value === "string") return element("pre", "json", value.slice(0, 200_000));
  const lines = JSON.stringify(value ?? null, null, 2).slice(0, 200_000);
  const parts = lines.split(/^(\s*"(?:[^"\\]|\\.)*":)/m);
  return element("pre", "json", ...parts.map((part, index) => (index % 2 ? element("span", "key", part) : part)));
}
