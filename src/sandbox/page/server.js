// Questions to the sandbox, and the line at the bottom that tells what went wrong with one.

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
