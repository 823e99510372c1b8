// A text as WhatsApp shows it: *bold*, _italic_, ~struck~, `code`, ```blocks```, quotes, lists and links. Everything becomes a
// text node, so that nothing of a message is ever markup; a link only looks like one.

import { element } from "./dom.js";

const MARKS = { "*": "strong", _: "em", "~": "s" };
const INLINE = /(`[^`\n]+`|\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~|https?:\/\/[^\s<>"]+)/;
/** A letter or digit beside a mark makes it a part of the word, as in snake_case. */
const WORD = /[\p{L}\p{N}]/u;

/** The nodes of `raw`. */
export function rich(raw) {
  return raw.split(/(```[^`]+```)/).flatMap((part, index) => {
    if (index % 2) return [element("code", "block", part.slice(3, -3).replace(/^\n/, ""))];
    return blocks(part);
  });
}

/** Quotes and lists are whole lines; what follows each other belongs together. */
function blocks(raw) {
  const nodes = [];
  let group = null;
  const lines = raw.split("\n");
  lines.forEach((line, index) => {
    const found = line.match(/^(?:(> )|([*-] )|(\d{1,3})\. )(.+)$/);
    const name = found && (found[1] ? "blockquote" : found[2] ? "ul" : "ol");
    if (!found) {
      group = null;
      nodes.push(...inline(line), index < lines.length - 1 ? "\n" : "");
      return;
    }
    if (group?.localName !== name) {
      // The block begins on a line of its own as it is.
      if (nodes.at(-1) === "\n") nodes.pop();
      group = element(name, "");
      if (found[3]) group.start = Number(found[3]);
      nodes.push(group);
    }
    group.append(element(name === "blockquote" ? "div" : "li", "", ...inline(found[4])));
  });
  return nodes.filter((node) => node !== "");
}

function inline(raw) {
  let before = "";
  return raw.split(INLINE).map((part, index, parts) => {
    const [left, right] = [before.at(-1) ?? "", parts[index + 1]?.[0] ?? ""];
    before = part || before;
    if (index % 2 === 0) return part;
    const inner = part.slice(1, -1);
    if (part.startsWith("http")) return link(part);
    if (inner.trim() !== inner || WORD.test(left) || WORD.test(right)) return part;
    if (part.startsWith("`")) return element("code", "", inner);
    return element(MARKS[part[0]], "", ...inline(inner));
  });
}

/** What stands at the end of a sentence is no part of an address. */
function link(raw) {
  const address = raw.replace(/[.,;:!?)\]}'*_~]+$/, "");
  const shown = element("span", "link", address);
  shown.title = "A link: nothing is opened from here";
  const rest = raw.slice(address.length);
  return rest ? element("span", "", shown, rest) : shown;
}
