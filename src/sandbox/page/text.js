// The lines of a text as WhatsApp shows them. Everything becomes a text node, so that nothing of a message is ever markup; a
// link only looks like one.

import { element } from "./dom.js";

const MARKS = { b: "strong", i: "em", s: "s", m: "code" };
const BLOCKS = { quote: ["blockquote", "div"], item: ["ul", "li"], numbered: ["ol", "li"], code: ["code", null] };

/** The nodes of `lines`; quotes, lists and code that follow each other belong together. */
export function rich(lines) {
  const nodes = [];
  let group = null;
  let before = null;
  for (const { block = "", number, spans } of lines) {
    const inside = spans.map(shown);
    const [outer, part] = BLOCKS[block] ?? [];
    if (!outer) {
      if (before === "") nodes.push("\n");
      nodes.push(...inside);
    } else {
      if (block !== before) {
        group = element(outer, part ? "" : "block");
        if (number) group.start = number;
        nodes.push(group);
      } else if (!part) group.append("\n");
      group.append(...(part ? [element(part, "", ...inside)] : inside));
    }
    before = block;
  }
  return nodes;
}

function shown({ look = "", text }) {
  return look.split(" ").reduceRight((inside, one) => {
    if (MARKS[one]) return element(MARKS[one], "", inside);
    if (one !== "link") return inside;
    const link = element("span", "link", inside);
    link.title = "A link: nothing is opened from here";
    return link;
  }, text);
}

/** The words of `lines`, without their looks. */
export function words(lines) {
  return lines.map(({ spans }) => spans.map(({ text }) => text).join("")).join(" ");
}
