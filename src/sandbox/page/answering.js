// The user answers: by writing, by pressing a button, by choosing from a list.

import { goOn } from "./conversation.js";
import { byId, element } from "./dom.js";
import { guarded, send, toast } from "./server.js";
import { state } from "./state.js";

async function write(text, pressed, payload) {
  const { open } = state;
  const body = { text, in_reply_to: pressed?.id, payload: payload ?? undefined };
  await send("POST", `/sandbox/users/${encodeURIComponent(open.user)}/messages`, body);
  if (open === state.open) await goOn();
}

/** A button in a message was pressed. */
function press(event) {
  const message = state.open.messages.get(event.target.closest("article").id);
  const { options, label, opens, text, payload } = event.detail;
  if (options) return choose(message, label, options);
  if (opens !== undefined) return toast(`This would open ${opens || "nothing: it has no address"}`);
  return write(text, message, payload);
}

/** WhatsApp's sheet of a list's options. */
function choose(message, label, options) {
  byId("options-title").textContent = label;
  const fields = options.map((option, index) => {
    const input = element("input");
    Object.assign(input, { type: "radio", name: "option", value: String(index), required: true });
    const { title, description } = option ?? {};
    const words = element("span", "", element("b", "", String(title ?? "(no title)")), description && element("small", "", String(description)));
    return element("label", "option", words, input);
  });
  const legend = byId("option-list").firstElementChild;
  byId("option-list").replaceChildren(legend, ...fields);
  byId("choose").onsubmit = guarded(async (event) => {
    event.preventDefault();
    const { title, ...payload } = options[Number(new FormData(event.target).get("option"))] ?? {};
    byId("options").close();
    await write(String(title ?? ""), message, payload);
  });
  byId("options").showModal();
}

export function listenToAnswers() {
  byId("log").addEventListener("press", guarded(press));
  byId("composer").addEventListener("submit", guarded(async (event) => {
    event.preventDefault();
    const field = byId("write");
    const words = field.value.trim();
    if (!words) return;
    field.value = "";
    await write(words);
  }));
}
