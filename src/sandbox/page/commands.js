// A request as a command that a person can paste: it goes to this sandbox, never anywhere else.

/** For a POSIX shell. */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** As `curl`; the credentials are the sandbox's own. */
export function curl({ request, body }) {
  const parts = ["curl --user sandbox:sandbox"];
  if (request.method !== "POST") parts.push(`--request ${request.method}`);
  if (body !== null && body !== undefined) {
    parts.push("--header 'content-type: application/json'");
    parts.push(`--data ${quoted(typeof body === "string" ? body : JSON.stringify(body))}`);
  }
  parts.push(quoted(location.origin + request.path));
  return parts.join(" ");
}

/** As `jelouctl send …`. */
export function jelouctl({ kind, user, body }) {
  const command = kind === "flow-message" ? "flow-message" : `send ${kind}`;
  const own = Object.keys(body).filter((name) => !["type", "userId"].includes(name));
  const isPlain = kind === "text" && own.join() === "text" && /^[^-\p{Cc}][^\p{Cc}]*$/u.test(String(body.text));
  const start = `JELOUCTL_SANDBOX=${location.origin} jelouctl ${command}`;
  if (isPlain) return `${start} --to ${quoted(user)} ${quoted(body.text)}`;
  const to = kind === "flow-message" ? ` --to ${quoted(user)}` : "";
  return `printf '%s' ${quoted(JSON.stringify(body))} | ${start}${to} --body -`;
}
