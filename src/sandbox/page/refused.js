// The refused requests, newest first, each with its wrong fields.

import { byId, clock, counted, element, fill, pane, say } from "./dom.js";
import { go, note, refusedLink } from "./links.js";
import * as panel from "./panel.js";
import { described, guarded, read, state, toast, wrongFields } from "./state.js";
import { texts } from "./texts.js";

/** How many to draw at first, and again at each scroll to the end. */
const PAGE = 60;

const list = byId("refused-list");
let drawn = PAGE;
/** The drawn requests, newest first. */
let refused = [];
/** The sandbox's counts at the last read. The requests are read again only if the counts change. */
let known = "";

/** Reads the newest requests, if they have changed. */
export async function refreshRefused() {
  const { instance, cleared, refused: count, refused_dropped: dropped } = state.health;
  const counts = [instance, cleared, count, dropped, drawn].join();
  if (counts !== known) {
    const newest = await read("/sandbox/refused", { limit: drawn });
    if (!known.startsWith(instance)) list.replaceChildren();
    [refused, known] = [newest.reverse(), counts];
  }
  showRefused();
}

/** Shows the number of requests, and the list if it is open. */
export function showRefused() {
  const { refused: count } = state.health;
  const isOpen = !byId("refused").hidden;
  byId("open-refused").hidden = count === 0 && !isOpen;
  byId("open-refused").setAttribute("aria-current", String(isOpen));
  byId("refused-count").textContent = counted(count, "refused");
  byId("refused-last").textContent = refused.length ? summary(refused[0]) : "";
  if (!isOpen) return;
  const nodes = new Map([...list.children].map((node) => [node.id, node]));
  fill(list, refused.map((refusal) => nodes.get(nodeId(refusal)) ?? card(refusal)));
  byId("no-refused").hidden = refused.length > 0;
  if (!list.querySelector("[tabindex='0']") && list.firstElementChild) list.firstElementChild.tabIndex = 0;
}

/** Opens the list, scrolled to the request with `number` if there is one. */
export async function openRefused(number) {
  byId("refused").hidden = false;
  byId("talk").hidden = true;
  byId("welcome").hidden = true;
  drawn = PAGE;
  await refreshRefused();
  drawn = Math.max(drawn, (refused[0]?.number ?? 0) - (number ?? Infinity) + 1);
  await refreshRefused();
  if (byId("refused").hidden) return;
  const wanted = number === undefined ? refused[0] : refused.find((refusal) => refusal.number === number);
  if (number !== undefined && !wanted) toast(say("refused_gone", String(number)));
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
function summary(refusal) {
  const { answer, request } = refusal;
  const [[field, problem] = []] = wrongFields(refusal);
  const said = described(answer.body) ?? (typeof answer.body === "string" ? answer.body : "");
  const why = field ? `${field}: ${problem}` : answer.fault ? say("fault", answer.fault) : said;
  return [answer.status ?? texts.no_response, why || request.path].join(" · ").slice(0, 200);
}

function card(refusal) {
  const { answer, request, user, kind, received_at } = refusal;
  const time = element("time", "", clock(received_at));
  time.dateTime = received_at;
  const status = element("span", "status", String(answer.status ?? texts.no_response));
  const to = [kind, user && say("to", user)].filter(Boolean).join(" ");
  const head = element("div", "refusal-head", status, element("span", "line", element("b", "", request.method), ` ${request.path}`), time);
  const problems = wrongFields(refusal).slice(0, 3).map(([path, problem]) => element("li", "", element("code", "", path), ` ${problem}`));
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
  const refusal = refused.find((one) => nodeId(one) === node.id);
  if (!refusal) return;
  select(refusal);
  note(refusedLink(refusal));
}

export function listenToRefused() {
  byId("open-refused").addEventListener("click", () => go(refusedLink()));
  panel.listenToArticles(list, choose);
  byId("refused-scroll").addEventListener("scroll", ({ target }) => {
    if (target.scrollHeight - target.scrollTop - target.clientHeight > 400 || refused.length < drawn) return;
    drawn += PAGE;
    guarded(refreshRefused)();
  });
}
