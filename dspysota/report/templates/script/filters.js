// Which cases are listed, and in which order; and the address that leads back to that.

const FIELDS = ["q", "run", "approach", "task", "beside", "versus"];

const everything = () => ({
  ...Object.fromEntries(FIELDS.map((name) => [name, ""])),
  deep: false,
  kinds: new Set(),
  by: "",
  down: false,
  open: null,
  unknown: [], // words of an address that mean nothing here
});

// The order of all cases by a column; `rank` is their place in the default order, which also breaks ties.
function orders(book) {
  const { run, place, kind } = book.cases;
  const all = () => Int32Array.from({ length: book.size }, (_, one) => one);
  const first = all().sort((a, b) => kind[b] - kind[a] || run[a] - run[b] || place[a] - place[b]);
  const rank = new Int32Array(book.size);
  first.forEach((one, at) => {
    rank[one] = at;
  });
  const known = new Map();

  function sorted(by, down) {
    if (!by) return first;
    const values = book.cases[by];
    const sign = down ? -1 : 1;
    return all().sort((a, b) => {
      const [one, other] = [values[a], values[b]];
      if (one === other) return rank[a] - rank[b];
      if (one === null || other === null) return one === null ? 1 : -1; // what is not known comes last, either way
      return sign * (one - other);
    });
  }

  return (by, down) => {
    const key = `${by} ${down}`;
    if (!known.has(key)) known.set(key, sorted(by, down));
    return known.get(key);
  };
}

const wordsOf = (state) => state.q.toLowerCase().split(/\s+/).filter(Boolean);

// Whether a case has a word, by the word's place, in what the index knows of it.
function indexSearch(book) {
  let examples = null; // texts in small letters, made when a search first needs them
  let predictions = null;

  return (words) => {
    const { id, question, gold } = book.examples;
    examples ??= id.map((_, at) => `${id[at]}\n${question[at]}\n${gold[at]}`.toLowerCase());
    predictions ??= book.cases.prediction.map((text) => (text ?? "").toLowerCase());
    const inExample = words.map((word) => examples.map((text) => text.includes(word)));
    const example = book.cases.example;
    return (one, which) => inExample[which][example[one]] || predictions[one].includes(words[which]);
  };
}

function finder(book, hasWords) {
  const inOrder = orders(book);
  const { run, example, kind } = book.cases;

  // By run: the number of the one it is read beside, -1 where there is none.
  function beside(state) {
    const chosen = Number(state.beside) - 1;
    return book.runs.map(({ reference }, at) => {
      const other = state.beside && chosen in book.runs ? chosen : (reference ?? -1);
      return other === at ? -1 : other;
    });
  }

  const besideOf = (others, one) => (others[run[one]] < 0 ? -1 : book.rows[others[run[one]]][example[one]]);

  const COMPARED = {
    lost: (mine, its) => its && !mine,
    won: (mine, its) => mine && !its,
    both: (mine, its) => mine && its,
    neither: (mine, its) => !mine && !its,
  };

  function searched(words) {
    if (!words.length) return () => true;
    const has = hasWords(words);
    return (one) => words.every((_, which) => has(one, which));
  }

  // The cases that pass, in order, and how many there are of each class, whichever classes are chosen. `marks` are those
  // that a search in everything has found, where there was one.
  function find(state, marks = null) {
    const others = beside(state);
    const admitted = book.runs.map(
      (one, at) =>
        (!state.run || Number(state.run) === at + 1) &&
        (!state.approach || state.approach === one.approach) &&
        (!state.task || state.task === one.data),
    );
    const said = marks ? (one) => marks[one] : searched(wordsOf(state));
    const agreed = COMPARED[state.versus];
    const found = new Int32Array(book.size);
    const counts = new Int32Array(book.kinds.length);
    let size = 0;
    for (const one of inOrder(state.by, state.down)) {
      if (!admitted[run[one]]) continue;
      if (agreed) {
        const other = besideOf(others, one);
        if (other < 0 || !agreed(kind[one] === 0, kind[other] === 0)) continue;
      }
      if (!said(one)) continue;
      counts[kind[one]]++;
      if (!state.kinds.size || state.kinds.has(kind[one])) found[size++] = one;
    }
    return { cases: found.subarray(0, size), counts, beside: (one) => besideOf(others, one) };
  }

  return find;
}

// `#run-2-case-17` is an example, `#examples?kind=wrong&versus=lost` a filter, and both together have `open=`.
function addressOf(book, state) {
  const words = new URLSearchParams();
  for (const name of FIELDS) if (state[name]) words.set(name, state[name]);
  if (state.deep) words.set("deep", "1");
  if (state.kinds.size) words.set("kind", [...state.kinds].sort((a, b) => a - b).map((at) => slug(book.kinds[at])).join("."));
  if (state.by) words.set("by", state.by);
  if (state.by && state.down) words.set("down", "1");
  const open = state.open === null ? "" : anchorOf(book, state.open);
  if (!words.size) return `#${open || "examples"}`;
  if (open) words.set("open", open);
  return `#examples?${words}`;
}

// What an address asks for; null where it is about something else. `now` is kept where an address names a case alone.
function readAddress(book, hash, now) {
  const [anchor, words] = decodedAnchor(hash);
  if (book.anchors.has(anchor)) return { ...now, open: book.anchors.get(anchor), unknown: [] };
  const run = book.runs.findIndex((one) => anchor === `${one.anchor}-examples`);
  if (run >= 0) return { ...everything(), run: String(run + 1) };
  if (/^run-\d+-(case-\d+|examples)$/.test(anchor)) return { ...everything(), unknown: [anchor] };
  if (anchor !== "examples") return null;
  const state = everything();
  for (const name of FIELDS) state[name] = words.get(name) ?? "";
  state.deep = words.get("deep") === "1";
  const take = (name, value, known) => value && (known ? true : !state.unknown.push(`${name}=${value}`));
  for (const kind of (words.get("kind") ?? "").split(".")) {
    const at = book.kinds.findIndex((one) => slug(one) === kind);
    if (take("kind", kind, at >= 0)) state.kinds.add(at);
  }
  const by = words.get("by");
  if (take("by", by, ["kind", "run", "score", "tokens", "seconds"].includes(by))) state.by = by;
  state.down = state.by !== "" && words.get("down") === "1";
  const open = words.get("open");
  if (take("open", open, book.anchors.has(open))) state.open = book.anchors.get(open);
  return state;
}

function decodedAnchor(hash) {
  const [anchor, ...rest] = hash.replace(/^#/, "").split("?");
  return [anchor, new URLSearchParams(rest.join("?"))];
}
