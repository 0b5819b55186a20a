// What the page knows of its cases: an index, read at once, and blocks with all the rest, unpacked when looked at.
// Whatever comes out of them was written by models: it becomes text nodes, never markup.

const byId = (id) => document.getElementById(id);

const KEPT_BLOCKS = 16;

async function unpacked(element) {
  const packed = atob(element.textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// The index with what is looked up in it: the case of a run and an example, and a case by its anchor.
async function readBook() {
  const { runs, kinds, examples, cases } = await unpacked(byId("data-index"));
  const size = cases.run.length;
  const rows = runs.map(() => new Int32Array(examples.id.length).fill(-1));
  const anchors = new Map();
  for (let one = 0; one < size; one++) {
    rows[cases.run[one]][cases.example[one]] = one;
    anchors.set(`${runs[cases.run[one]].anchor}-case-${cases.place[one]}`, one);
  }
  return { runs, kinds, examples, cases, size, rows, anchors };
}

const anchorOf = (book, one) => `${book.runs[book.cases.run[one]].anchor}-case-${book.cases.place[one]}`;

const slug = (kind) => kind.replaceAll(" ", "-");

// Details of cases by their number; a block that was unpacked stays for a while.
function detailsReader() {
  const elements = [...document.querySelectorAll(".data-block")];
  const firsts = elements.map((element) => Number(element.dataset.first));
  const kept = new Map();
  let shared = null;

  function block(at) {
    const known = kept.get(at) ?? unpacked(elements[at]);
    kept.delete(at); // and in again, as the newest
    kept.set(at, known);
    if (kept.size > KEPT_BLOCKS) kept.delete(kept.keys().next().value);
    return known;
  }

  return {
    firsts,
    passing: (at) => kept.get(at) ?? unpacked(elements[at]), // not kept: who reads all of them needs each once
    async of(one) {
      let at = firsts.length - 1;
      while (firsts[at] > one) at--;
      return (await block(at))[one - firsts[at]];
    },
    shared() {
      shared ??= unpacked(byId("data-shared"));
      return shared;
    },
  };
}

const count = (value) => (value === null ? "–" : Math.round(value).toLocaleString("en-US"));

// Three significant figures, never an exponent, as everywhere in the report.
function short(value) {
  if (value === null) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const digits = size < 0.1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const score = (value) => (value === null ? "–" : value.toFixed(3));
