// What every part of the page shares: what the sandbox said of itself last, what is open, questions to the sandbox,
// and the line at the bottom that tells what went wrong with one.

export const state = {
  /** As `/sandbox/health` has it; `instance` and `cleared` say which sandbox this is. */
  health: { instance: "", cleared: 0, refused: 0 },
  /** The message or the refused request whose details are shown. */
  selected: null,
  /** Whether who opens a chat by the keyboard is to go on in it. */
  enters: false,
  open: closed(null),
};

/**
 * A conversation: `messages` are those that are drawn, the newest `limit` of those `before` a number. Without that
 * number it goes on as messages arrive. How many are `unread`; how often it was read, so that the last answer counts.
 */
export function closed(user) {
  return { user, messages: new Map(), limit: 60, before: undefined, unread: 0, reads: 0 };
}

/** The answer; one that is an error is thrown. */
export async function ask(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.description || `the sandbox answered ${answer.status}`);
  }
  return answer;
}

/** The JSON at `path`. */
export async function read(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return (await ask(`${path}?${new URLSearchParams(given)}`)).json();
}

export async function send(method, path, body) {
  return ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** Tells what went wrong, and lets it be. */
export function guarded(work) {
  return (...given) => Promise.resolve(work(...given)).catch((error) => toast(error.message));
}

/** Says something for a few seconds. */
export function toast(words) {
  const shown = document.getElementById("toast");
  shown.textContent = words;
  shown.classList.add("shown");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => shown.classList.remove("shown"), 5000);
}
