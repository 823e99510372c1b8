// Shared by all parts of the page: the sandbox's last report, the open chat, requests to the sandbox, and the line at
// the bottom for errors.

import { texts } from "./texts.js";

export const state = {
  /** The data of `/sandbox/health`; `instance` and `cleared` identify the sandbox. */
  health: { instance: "", cleared: 0, refused: 0 },
  /** The message or refused request in the panel. */
  selected: null,
  /** Whether opening a chat moves the focus into it, as after a key. */
  enters: false,
  open: closed(null),
};

/**
 * A conversation. It draws `messages`, the newest `limit` of those `before` a number. Without that number it follows
 * new messages. `unread` is their number. `reads` counts the reads, so that only the last response is drawn.
 */
export function closed(user) {
  return { user, messages: new Map(), limit: 60, before: undefined, unread: 0, reads: 0 };
}

/** The response. Throws if it is an error. */
export async function ask(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(described(problem) || texts.sandbox_answered.replace("{}", answer.status));
  }
  return answer;
}

/** What an error of the sandbox says; undefined if it says nothing. */
export function described(body) {
  return body?.clientMessages?.[texts.language] ?? body?.description;
}

/** The wrong fields of a refused request, each with its problem. */
export function wrongFields({ answer, fields }) {
  const problem = (field) => answer.body.validationError[field][0]?.[texts.language] ?? fields[field];
  return Object.keys(fields ?? {}).map((field) => [field, problem(field)]);
}

/** The JSON at `path`. */
export async function read(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return (await ask(`${path}?${new URLSearchParams(given)}`)).json();
}

export async function send(method, path, body) {
  return ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** Shows an error of `work`, and ignores it. */
export function guarded(work) {
  return (...given) => Promise.resolve(work(...given)).catch((error) => toast(error.message));
}

/** Shows a text for a few seconds. */
export function toast(words) {
  const shown = document.getElementById("toast");
  shown.textContent = words;
  shown.classList.add("shown");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => shown.classList.remove("shown"), 5000);
}
