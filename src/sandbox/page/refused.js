// Requests that the sandbox did not take: listed newest first, each with what is wrong with it.

import { byId, clock, counted, element, pane } from "./dom.js";
import { go, note, refusedLink } from "./links.js";
import * as panel from "./panel.js";
import { read, toast } from "./server.js";
import { state } from "./state.js";

/** How many the sandbox keeps, and how many are drawn at a time. */
const KEPT = 1000;
const PAGE = 60;

const list = byId("refused-list");
let drawn = PAGE;

/** Reads those that are not known yet. */
export async function readRefused() {
  const newest = [...state.refused.keys()].at(-1);
  takeRefused(await read("/sandbox/refused", { since: newest }));
}

/** Takes over refused requests, in their order. */
export function takeRefused(arrived) {
  for (const refusal of arrived) {
    if (!state.refused.has(refusal.number) && byId("refused").hidden) state.unseen += 1;
    state.refused.set(refusal.number, refusal);
  }
  for (const number of [...state.refused.keys()].slice(0, -KEPT)) state.refused.delete(number);
  showRefused();
}

export function forgetRefused() {
  state.refused.clear();
  state.unseen = 0;
  showRefused();
}

/** Shows how many there are, and the list where it is open. */
export function showRefused() {
  const { refused, unseen } = state;
  byId("open-refused").hidden = refused.size === 0 && byId("refused").hidden;
  byId("open-refused").setAttribute("aria-current", String(!byId("refused").hidden));
  byId("refused-count").textContent = counted(refused.size, "refused request");
  byId("refused-new").textContent = unseen ? String(unseen) : "";
  byId("refused-new").hidden = !unseen;
  const last = [...refused.values()].at(-1);
  byId("refused-last").textContent = last ? summary(last) : "";
  if (byId("refused").hidden) return;
  const entries = [...refused.values()].reverse().slice(0, drawn);
  const known = new Map([...list.children].map((node) => [node.id, node]));
  list.replaceChildren(...entries.map((refusal) => known.get(nodeId(refusal)) ?? card(refusal)));
  byId("no-refused").hidden = refused.size > 0;
  if (!list.querySelector("[tabindex='0']") && list.firstElementChild) list.firstElementChild.tabIndex = 0;
}

/** Opens the list, at one of them where it is named. */
export function openRefused(number) {
  byId("refused").hidden = false;
  byId("talk").hidden = true;
  byId("welcome").hidden = true;
  state.unseen = 0;
  drawn = PAGE;
  const wanted = number === undefined ? [...state.refused.values()].at(-1) : state.refused.get(number);
  if (wanted) drawn = Math.max(drawn, [...state.refused.keys()].reverse().indexOf(wanted.number) + 1);
  else if (number !== undefined) toast(`Refused request ${number} is gone: it was dropped or cleared, or the sandbox was started again`);
  showRefused();
  select(wanted);
  pane("refused");
  byId(wanted ? nodeId(wanted) : "")?.scrollIntoView({ block: "nearest" });
}

/** Moves to the current one. */
export function focusRefused() {
  (list.querySelector("[tabindex='0']") ?? byId("refused-scroll")).focus();
}

const nodeId = ({ number }) => `r${number}`;

/** `422 · text has 4097 characters` */
function summary({ answer, fields, request }) {
  const [[field, problem] = []] = Object.entries(fields ?? {});
  const said = answer.body?.description ?? (typeof answer.body === "string" ? answer.body : "");
  const why = field ? `${field}: ${problem}` : answer.fault ? `fault: ${answer.fault}` : said;
  return [answer.status ?? "no answer", why || request.path].join(" · ").slice(0, 200);
}

function card(refusal) {
  const { answer, request, user, kind, fields, received_at } = refusal;
  const time = element("time", "", clock(received_at));
  time.dateTime = received_at;
  const status = element("span", "status", String(answer.status ?? "no answer"));
  const to = [kind, user && `to ${user}`].filter(Boolean).join(" ");
  const head = element("div", "refusal-head", status, element("span", "line", element("b", "", request.method), ` ${request.path}`), time);
  const problems = Object.entries(fields ?? {}).slice(0, 3).map(([path, problem]) => element("li", "", element("code", "", path), ` ${problem}`));
  const why = problems.length ? element("ul", "problems", ...problems) : element("p", "why", summary(refusal).split(" · ").slice(1).join(" · "));
  const node = element("article", "refusal", head, why, to && element("p", "note", to));
  node.id = nodeId(refusal);
  node.tabIndex = -1;
  node.setAttribute("aria-label", `${request.method} ${request.path}, ${summary(refusal)}`);
  return node;
}

function select(refusal) {
  panel.select(list, refusal && byId(nodeId(refusal)), refusal, true);
}

function choose(node) {
  const refusal = state.refused.get(Number(node.id.slice(1)));
  if (!refusal) return;
  select(refusal);
  note(refusedLink(refusal));
}

export function listenToRefused() {
  byId("open-refused").addEventListener("click", () => go(refusedLink()));
  panel.listenToArticles(list, choose);
  byId("refused-scroll").addEventListener("scroll", ({ target }) => {
    if (target.scrollHeight - target.scrollTop - target.clientHeight > 400 || drawn >= state.refused.size) return;
    drawn += PAGE;
    showRefused();
  });
}
