"use strict";
// Search, filters and pages of the rows, names of countries, and copying. Without it the page shows all but these.

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const { language, states, reasons, columns, mask, page: pageSize, words } = read("settings");
const [LINE, STATE, REASON, COUNTRY, TIME, DETAIL, CELLS] = [0, 1, 2, 3, 4, 5, 6];
const number = new Intl.NumberFormat(language === "es" ? "es-EC" : "en", { useGrouping: true });
const list = document.getElementById("list");
const [search, state, reason] = ["search", "state", "reason"].map((id) => document.getElementById(id));
const [range, previous, following] = ["range", "previous", "following"].map((id) => document.getElementById(id));

let rows;
let texts;
let found;
let first = 0;

/** Upper and lower case, with and without accents, are the same to a person who searches. */
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

function load() {
  if (rows) return;
  rows = read("data");
  found = rows;
}

/** What of a row is searched; made when somebody searches for the first time. */
function searched() {
  texts ??= rows.map((row) => plain([row[LINE], reasons[row[REASON]], row[COUNTRY], ...row.slice(DETAIL)].join("\n")));
  return texts;
}

function element(name, className, text, auto) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (auto) made.dir = "auto";
  made.textContent = text ?? "";
  return made;
}

function drawn(row) {
  const made = document.createElement("tr");
  const [name, label] = states[row[STATE]];
  const badge = element("td", "state");
  badge.append(element("span", `badge ${name}`, label));
  const why = element("td", "why");
  if (reasons[row[REASON]]) why.append(element("code", "", reasons[row[REASON]]));
  made.append(element("td", "number", row[LINE]), badge, why, element("td", "country", row[COUNTRY]));
  if (!mask) {
    for (let column = 0; column < columns; column += 1) made.append(element("td", "", row[CELLS + column], true));
    made.append(element("td", "words", row[DETAIL], true), element("td", "at", row[TIME]));
  }
  return made;
}

function show() {
  const shown = found.slice(first, first + pageSize);
  list.replaceChildren(...shown.map(drawn));
  tell(shown.length);
}

function tell(shown) {
  const values = { a: first + 1, b: first + shown, n: found.length };
  range.textContent = shown ? words.range.replace(/\{(\w)\}/g, (_, name) => number.format(values[name])) : words.none_found;
  previous.disabled = first === 0;
  following.disabled = first + shown >= found.length;
}

function filter() {
  load();
  const asked = plain(search.value.trim());
  const [ofState, ofReason] = [state.value, reason.value].map((value) => (value === "" ? null : Number(value)));
  const all = asked ? searched() : null;
  found = rows.filter(
    (row, place) =>
      (ofState === null || row[STATE] === ofState) &&
      (ofReason === null || row[REASON] === ofReason) &&
      (!all || all[place].includes(asked)),
  );
  first = 0;
  show();
}

function turn(pages) {
  first = Math.max(0, first + pages * pageSize);
  show();
  list.closest(".rows").scrollIntoView({ block: "start" });
}

load();
for (const hidden of document.querySelectorAll(".filters, .pager, [data-copy]")) hidden.hidden = false;
document.getElementById("without-script")?.remove();
tell(list.children.length);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
search.addEventListener("input", filter);
state.addEventListener("change", filter);
reason.addEventListener("change", filter);
previous.addEventListener("click", () => turn(-1));
following.addEventListener("click", () => turn(1));

const countries = new Intl.DisplayNames([language], { type: "region", fallback: "code" });
for (const country of document.querySelectorAll("[data-country]")) {
  country.textContent = `${countries.of(country.dataset.country)} (${country.dataset.country})`;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const command = button.previousElementSibling;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = words.copied;
      setTimeout(() => (button.textContent = words.copy), 1500);
    } catch {
      // Where a page may not write to the clipboard, the command is chosen, to be copied by hand.
      getSelection().selectAllChildren(command);
    }
  });
}
