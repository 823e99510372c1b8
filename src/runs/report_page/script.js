"use strict";
// Search, filters and paging of the rows, all rows on paper, names of countries, and copying. Without this script, the page
// shows everything else.

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const { language, outcomes, hasDeliveries, reasons, columns, mask, isPreview, date, page: pageSize, words } = read("settings");
const [LINE, OUTCOME, REASON, COUNTRY, TIME, DETAIL, CELLS] = [0, 1, 2, 3, 4, 5, 6];
/** Formats a number like the rest of the page: in Spanish with a thin space. */
const number = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, language === "es" ? "\u202f" : ",");
const list = document.getElementById("list");
const [search, state, delivery, reason, undeliveredFirst] = ["search", "state", "delivery", "reason", "undelivered-first"].map((id) =>
  document.getElementById(id),
);
const [range, previous, following] = ["range", "previous", "following"].map((id) => document.getElementById(id));

// A browser is slow with more rows. A note on paper shows the number of rows that are not printed.
const MOST_PRINTED = 20000;
const onPaper = document.getElementById("on-paper");

let rows;
let texts;
let numbers;
let found;
let first = 0;

/** A search ignores case and accents. */
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

function load() {
  if (rows) return;
  rows = read("data");
  found = rows;
}

/** The text in a part of a message. */
const textOf = (part) => {
  const spans = part.lines?.map((line) => line.spans.map((span) => span.text).join("")) ?? [];
  return [...spans, part.label, part.address, part.name].filter(Boolean).join("\n");
};

/** The searchable text of each row; built at the first search. */
function searched() {
  texts ??= rows.map((row) => {
    const { state_words: stateWords, delivery_words: deliveryWords } = outcomes[row[OUTCOME]];
    const said = [row[LINE], stateWords, deliveryWords, reasons[row[REASON]], row[COUNTRY], ...row.slice(DETAIL, CELLS + columns)];
    return plain([...said, ...(row[CELLS + columns] ?? []).map(textOf)].join("\n"));
  });
  return texts;
}

/** The possible phone numbers in a text: digits without leading zeros. */
const digits = (text) => text.replace(/\D/g, "").replace(/^0+/, "");

/** The numbers of each row, in any format. */
function searchedNumbers() {
  const isNumber = (cell) => /^[\d\s().+'-]+$/.test(cell);
  numbers ??= rows.map((row) =>
    row.slice(CELLS, CELLS + columns).filter(isNumber).map(digits).filter((number) => number.length >= 7),
  );
  return numbers;
}

/** Whether `asked` is one of the numbers, or a part of it: `0981000082` is `+593 98 100-0082`. */
const hasNumber = (known, asked) => known.some((number) => number.includes(asked) || asked.endsWith(number));

function element(name, className, text, auto) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (auto) made.dir = "auto";
  made.textContent = text ?? "";
  return made;
}

/** A local time, `2026-11-20 10:15:03`, with its day as in the country of the page. */
function time(at) {
  const made = document.createElement("time");
  made.dateTime = at;
  const [year, month, day] = [at.slice(0, 4), at.slice(5, 7), at.slice(8, 10)];
  const parts = { "%Y": year, "%m": month, "%-m": Number(month), "%d": day, "%-d": Number(day) };
  made.textContent = date.replace(/%-?[Ymd]/g, (part) => parts[part]) + at.slice(10);
  return made;
}

function drawn(row) {
  const made = document.createElement("tr");
  const outcome = outcomes[row[OUTCOME]];
  const badge = element("td", "state");
  badge.append(element("span", `badge ${outcome.delivery ? "quiet" : outcome.state}`, outcome.state_words));
  made.append(element("td", "number", row[LINE]), badge);
  if (hasDeliveries) {
    const cell = element("td", "delivery");
    if (outcome.delivery) cell.append(element("span", `badge ${outcome.delivery}`, outcome.delivery_words));
    made.append(cell);
  }
  // Comes before the list's own columns, because those may not fit.
  const why = element("td", "why");
  if (reasons[row[REASON]]) why.append(element("span", "", reasons[row[REASON]]));
  if (!mask && row[DETAIL]) why.append(element("small", "", row[DETAIL], true));
  made.append(why, element("td", "country", row[COUNTRY]));
  if (!mask) {
    for (let column = 0; column < columns; column += 1) {
      made.append(element("td", "own", row[CELLS + column], true));
    }
    if (isPreview) {
      const cell = element("td", "drawn");
      if (row[CELLS + columns].length) cell.append(bubble(row[CELLS + columns]));
      made.append(cell);
    }
    if (!isPreview) {
      const cell = element("td", "at");
      if (row[TIME]) cell.append(time(row[TIME]));
      made.append(cell);
    }
  }
  return made;
}

function line({ block, number, spans }) {
  const made = element("p", block, spans.length ? "" : "\u00a0", true);
  if (number) made.dataset.number = number;
  made.append(...spans.map((span) => element("span", span.look, span.text)));
  return made;
}

/** A message as its recipient sees it. */
function bubble(parts) {
  const said = element("div", "said");
  for (const part of parts) {
    if (part.is === "text") {
      said.append(...part.lines.map(line));
    } else if (part.is === "button") {
      said.append(element("p", "press", part.label, true));
    } else {
      const file = element("p", "media");
      const [head, text] = part.is === "media" ? [part.what, part.address] : [words.template, part.name];
      file.append(element("b", "", head), element("span", "", text));
      if (part.is === "template") file.append(element("small", "", words.template_means));
      said.append(file);
      if (part.is === "media" && part.name) said.append(element("p", "", part.name, true));
    }
  }
  const made = element("div", "bubble");
  made.append(said);
  return made;
}

function show() {
  const shown = found.slice(first, first + pageSize);
  list.replaceChildren(...shown.map(drawn));
  tell(shown.length);
  showMore();
}

const place = list.closest(".scroll");

/**
 * Shows a note if a table is too wide, because some systems hide scroll bars. At the right end of the table, the note is
 * invisible, but keeps its place.
 */
function showMore() {
  const note = document.getElementById("more");
  note.hidden = place.scrollWidth <= place.clientWidth + 1;
  note.classList.toggle("at-end", place.scrollLeft + place.clientWidth >= place.scrollWidth - 1);
}

function tell(shown) {
  const values = { a: first + 1, b: first + shown, n: found.length };
  range.textContent = shown ? words.range.replace(/\{(\w)\}/g, (_, name) => number(values[name])) : words.none_found;
  previous.disabled = first === 0;
  following.disabled = first + shown >= found.length;
}

function filter() {
  load();
  const asked = plain(search.value.trim());
  const ofDelivery = delivery?.value ?? "";
  const all = asked ? searched() : null;
  const isNumber = /^[\d\s().+-]+$/.test(asked) && digits(asked).length >= 4;
  const askedNumber = digits(asked);
  found = rows.filter(
    (row, place) =>
      (state.value === "" || outcomes[row[OUTCOME]].state === state.value) &&
      (ofDelivery === "" || outcomes[row[OUTCOME]].delivery === ofDelivery) &&
      (reason.value === "" || row[REASON] === Number(reason.value)) &&
      (!all || all[place].includes(asked) || (isNumber && hasNumber(searchedNumbers()[place], askedNumber))),
  );
  if (undeliveredFirst?.checked) {
    const isUndelivered = (row) => outcomes[row[OUTCOME]].delivery === "undelivered";
    found = [...found.filter(isUndelivered), ...found.filter((row) => !isUndelivered(row))];
  }
  first = 0;
  show();
}

function turn(pages) {
  first = Math.max(0, first + pages * pageSize);
  show();
  list.closest(".rows").scrollIntoView({ block: "start" });
}

/** Paper has every row that matches, because it has no paging. */
function fillPaper() {
  const printed = found.slice(0, MOST_PRINTED);
  list.replaceChildren(...printed.map(drawn));
  const values = { a: printed.length, b: rows.length };
  onPaper.textContent = words.on_paper.replace(/\{(\w)\}/g, (_, name) => number(values[name]));
  onPaper.hidden = printed.length === rows.length;
}

load();
for (const hidden of document.querySelectorAll(".filters, .pager, [data-copy]")) hidden.hidden = false;
document.getElementById("without-script")?.remove();
tell(list.children.length);
showMore();
window.addEventListener("resize", showMore);
place.addEventListener("scroll", showMore);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeprint", fillPaper);
window.addEventListener("afterprint", () => {
  onPaper.hidden = true;
  show();
});
search.addEventListener("input", filter);
for (const field of [state, delivery, reason, undeliveredFirst]) field?.addEventListener("change", filter);
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
      // If the page may not write to the clipboard, select the command, so that you can copy it.
      getSelection().selectAllChildren(command);
    }
  });
}
