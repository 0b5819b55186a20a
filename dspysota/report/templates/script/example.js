// One example, opened: what the index knows of it at once, and the rest as soon as its block is unpacked.

const clone = (id) => byId(id).content.firstElementChild.cloneNode(true);

// A text is stored as it is, or as its beginning and the number of characters that were left off.
const shown = (value) => (Array.isArray(value) ? value[0] : value);
const missing = (value) => (Array.isArray(value) ? value[1] : 0);

function passage(value) {
  const element = clone("t-text");
  element.querySelector("pre").textContent = shown(value);
  const note = element.querySelector(".cut");
  note.hidden = !missing(value);
  note.textContent = `${count(missing(value))} more characters are in cases.jsonl.`;
  return element;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function fact(name, parts, whole = false) {
  const made = clone("t-fact");
  if (whole) made.className = "whole";
  made.querySelector("dt").textContent = name;
  made.querySelector("dd").append(...parts);
  return made;
}

const pairs = (texts) => texts.map((text) => element("span", "pair", text));

const reported = (value) => (value === null ? "not reported" : count(value));

function spent([prompt, completion, cached], calls, seconds) {
  return pairs([
    `${reported(prompt)} prompt`,
    `${reported(completion)} completion`,
    ...(cached === null ? [] : [`${count(cached)} cached`]),
    `${calls} ${calls === 1 ? "call" : "calls"}`,
    `${short(seconds)} s`,
  ]);
}

function turn(role, text) {
  const made = clone("t-turn");
  made.classList.add(`t-${["system", "user", "assistant", "output", "error"].includes(role) ? role : "other"}`);
  made.querySelector(".role").textContent = role;
  made.append(passage(text));
  return made;
}

function calledWith(call) {
  const words = [`${count(call.usage[0])} + ${count(call.usage[1])} tokens`, `${short(call.seconds)} s`];
  if (call.first !== null) words.push(`first token ${short(call.first)} s`);
  if (call.queue >= 0.001) words.push(`queued ${short(call.queue)} s`);
  if (call.finish !== null) words.push(`finished by ${shown(call.finish)}`);
  if (call.attempts > 1) words.push(`${call.attempts} attempts, ${short(call.retry)} s lost`);
  return words.join(" · ");
}

// A call with its turns; those at its beginning that other questions were asked with, too, are folded.
function callOf(call, number, shared, open) {
  const made = clone("t-call");
  made.open = open;
  made.querySelector(".title").textContent = `Call ${number}: what was sent, what came back`;
  made.querySelector(".quiet").textContent = calledWith(call);
  const turns = call.messages.map((one) => (Array.isArray(one) ? one : shared[one]));
  let common = call.messages.findIndex((one) => Array.isArray(one));
  if (common < 0) common = call.messages.length;
  common = Math.min(common, Math.max(0, turns.length - 1)); // the last turn is the question
  if (common) {
    const fold = element("details", "prompt");
    fold.append(
      element("summary", "", `Begins with ${common} ${common === 1 ? "message" : "messages"} that other examples share`),
      ...turns.slice(0, common).map((one) => turn(...one)),
    );
    made.append(fold);
  }
  made.append(...turns.slice(common).map((one) => turn(...one)), turn("output", call.output));
  if (call.error !== null) made.append(turn("error", call.error));
  return made;
}

function paragraphList(paragraphs) {
  const list = element("ul", "paragraphs");
  for (const [title, mark, note, text] of paragraphs) {
    const item = clone("t-paragraph");
    item.classList.add(`p-${slug(mark)}`);
    item.querySelector(".badge").textContent = mark;
    item.querySelector(".title").textContent = shown(title);
    item.querySelector(".quiet").textContent = note;
    if (shown(text)) item.append(passage(text));
    list.append(item);
  }
  return list;
}

// All runs that were asked the same, the one that is open marked.
function everyRun(book, one) {
  const table = element("table", "plain others");
  const body = element("tbody");
  const { cases, kinds, runs, rows } = book;
  runs.forEach((run, at) => {
    const other = rows[at][cases.example[one]];
    if (other < 0) return;
    const row = clone("t-other");
    const link = row.querySelector("a");
    link.href = `#${anchorOf(book, other)}`;
    if (other === one) {
      link.ariaCurrent = "true";
      row.classList.add("chosen");
    }
    link.querySelector(".no").textContent = String(at + 1);
    link.querySelector(".name").textContent = `${run.model} ${run.variant}`;
    const kind = row.querySelector(".kind");
    kind.textContent = kinds[cases.kind[other]];
    kind.classList.add(`k-${slug(kinds[cases.kind[other]])}`);
    row.querySelector("bdi").textContent = cases.prediction[other] ?? "no answer";
    const [tokens, seconds] = row.querySelectorAll(".num");
    tokens.textContent = `${count(cases.tokens[other])} tok`;
    seconds.textContent = `${short(cases.seconds[other])} s`;
    body.append(row);
  });
  table.append(body);
  return table;
}

function facts(book, one, detail, other, its) {
  const list = element("dl", "answer");
  const nothing = () => element("em", "", "none could be read");
  list.append(fact("Question", [passage(detail.question)], true), fact("Gold", [passage(detail.gold)]));
  list.append(fact("Prediction", [detail.prediction === null ? nothing() : passage(detail.prediction)]));
  if (its) {
    const run = book.runs[book.cases.run[other]];
    const who = element("span", "quiet", `${book.kinds[book.cases.kind[other]]} · ${run.model} ${run.variant}`);
    list.append(fact("Beside it", [its.prediction === null ? nothing() : passage(its.prediction), who]));
  }
  if (detail.error !== null) list.append(fact("Error", [passage(detail.error)], true));
  list.append(fact("Scores", pairs(detail.scores.map(([name, value]) => `${name} ${score(value)}`))));
  list.append(fact("Spent", spent(detail.usage, detail.calls.length, book.cases.seconds[one])));
  for (const [name, text] of detail.details) list.append(fact(name.replaceAll("_", " "), [passage(text)]));
  list.append(fact("Case", [element("code", "", book.examples.id[book.cases.example[one]])]));
  return list;
}

function exampleView(book, details, { onMove, onClose }) {
  const [dialog, body] = [byId("example"), byId("example-body")];
  let open = null;

  const step = (by) => !byId(by < 0 ? "example-before" : "example-next").disabled && onMove(by);
  byId("example-before").addEventListener("click", () => step(-1));
  byId("example-next").addEventListener("click", () => step(1));
  byId("example-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    open = null;
    onClose();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  });

  async function fill(one, other) {
    const [detail, shared, its] = await Promise.all([
      details.of(one),
      details.shared(),
      other < 0 ? null : details.of(other),
    ]);
    if (open !== one) return; // another one was opened meanwhile
    const parts = [facts(book, one, detail, other, its)];
    if (detail.paragraphs.length) parts.push(element("h3", "", "Paragraphs retrieved"), paragraphList(detail.paragraphs));
    parts.push(element("h3", "", "Calls"));
    parts.push(...detail.calls.map((call, at) => callOf(call, at + 1, shared, detail.calls.length <= 3)));
    if (!detail.calls.length) parts.push(element("p", "quiet", "No call was made, or none is stored."));
    parts.push(element("h3", "", "Every run on this example"), everyRun(book, one));
    body.replaceChildren(...parts);
    body.scrollTop = 0;
    body.dataset.shown = anchorOf(book, one);
  }

  return {
    show(one, other, at, size) {
      open = one;
      const { cases, kinds, runs } = book;
      const [kind, run] = [kinds[cases.kind[one]], runs[cases.run[one]]];
      const mark = element("span", `kind k-${slug(kind)}`, kind);
      byId("example-title").replaceChildren(mark, ` ${run.model} ${run.variant}`);
      const where = at < 0 ? "not among those listed" : `${count(at + 1)} of ${count(size)} listed`;
      byId("example-place").textContent = `${run.data} · run ${cases.run[one] + 1} · ${where}`;
      byId("example-link").href = `#${anchorOf(book, one)}`;
      byId("example-before").disabled = at <= 0;
      byId("example-next").disabled = at < 0 || at >= size - 1;
      if (!dialog.open) {
        dialog.showModal();
        body.focus(); // so that the arrow keys scroll
      }
      fill(one, other).catch((error) => {
        body.replaceChildren(element("p", "cut", `This case could not be unpacked (${error.message}); cases.jsonl has it.`));
      });
    },
    close() {
      if (dialog.open) dialog.close();
    },
  };
}
