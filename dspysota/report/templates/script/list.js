// The list of hits: of thousands of rows those in sight are in the page. The table has the focus, one row is chosen.

const OVERSCAN = 8;

function listing(book, onOpen) {
  const [table, scroller, body] = [byId("list"), byId("scroller"), byId("rows")];
  const template = byId("t-row").content.firstElementChild;
  let found = { cases: new Int32Array(0), beside: () => -1 };
  let chosen = 0;
  let due = false;

  const rowHeight = () => parseFloat(getComputedStyle(table).getPropertyValue("--row")) || 38;
  const headHeight = () => table.tHead.offsetHeight;

  function filled(at) {
    const one = found.cases[at];
    const { cases, examples, runs, kinds } = book;
    const row = template.cloneNode(true);
    const put = (selector, text) => {
      row.querySelector(selector).textContent = text;
    };
    const run = runs[cases.run[one]];
    row.id = `row-${at}`;
    row.dataset.at = at;
    row.ariaRowIndex = String(at + 2);
    row.ariaSelected = String(at === chosen);
    row.classList.toggle("chosen", at === chosen);
    const kind = row.querySelector(".l-kind .kind");
    kind.textContent = kinds[cases.kind[one]];
    kind.classList.add(`k-${slug(kinds[cases.kind[one]])}`);
    put(".l-run", String(cases.run[one] + 1));
    row.querySelector(".l-run").title = `${run.model} ${run.variant} · ${run.data}`;
    row.querySelector("a").href = `#${anchorOf(book, one)}`;
    put(".l-ask bdi", examples.question[cases.example[one]]);
    put(".l-said bdi", cases.prediction[one] ?? "no answer");
    put(".l-gold bdi", examples.gold[cases.example[one]]);
    const other = found.beside(one);
    const beside = row.querySelector(".l-beside .kind");
    if (other < 0) {
      beside.remove();
    } else {
      beside.classList.add(`k-${slug(kinds[cases.kind[other]])}`);
      beside.title = kinds[cases.kind[other]];
      put(".l-beside bdi", cases.prediction[other] ?? "no answer");
    }
    put(".l-score", score(cases.score[one]));
    put(".l-tokens", count(cases.tokens[one]));
    put(".l-seconds", short(cases.seconds[one]));
    return row;
  }

  function spacer(rows, height) {
    const row = document.createElement("tr");
    row.className = "spacer";
    row.ariaHidden = "true";
    row.style.height = `${rows * height}px`;
    return row;
  }

  function draw() {
    due = false;
    const [height, size] = [rowHeight(), found.cases.length];
    const from = Math.max(0, Math.floor(scroller.scrollTop / height) - OVERSCAN);
    const to = Math.min(size, Math.ceil((scroller.scrollTop + scroller.clientHeight) / height) + OVERSCAN);
    const rows = [];
    for (let at = from; at < to; at++) rows.push(filled(at));
    body.replaceChildren(spacer(from, height), ...rows, spacer(Math.max(0, size - to), height));
    if (chosen >= from && chosen < to) table.setAttribute("aria-activedescendant", `row-${chosen}`);
    else table.removeAttribute("aria-activedescendant");
  }

  function soon() {
    if (!due) requestAnimationFrame(draw);
    due = true;
  }

  // Puts a row into sight and makes it the chosen one.
  function choose(at) {
    const [height, size] = [rowHeight(), found.cases.length];
    if (!size) return;
    chosen = Math.max(0, Math.min(size - 1, at));
    const [top, sight] = [chosen * height, scroller.clientHeight - headHeight()];
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + height > scroller.scrollTop + sight) scroller.scrollTop = top + height - sight;
    draw();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button")) return;
    const page = Math.max(1, Math.floor((scroller.clientHeight - headHeight()) / rowHeight()) - 1);
    const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" && found.cases.length) onOpen(found.cases[chosen]);
    else if (event.key in steps) choose(chosen + steps[event.key]);
    else return;
    event.preventDefault();
  }

  function onClick(event) {
    const row = event.target.closest(".row");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(Number(row.dataset.at));
    onOpen(found.cases[chosen]);
  }

  scroller.addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  table.addEventListener("keydown", onKey);
  table.addEventListener("click", onClick);

  return {
    // With `stay` from where it was looked at, else from the top.
    show(next, stay) {
      found = next;
      chosen = stay ? Math.min(chosen, Math.max(0, found.cases.length - 1)) : 0;
      table.ariaRowCount = String(found.cases.length + 1);
      scroller.classList.toggle("empty", found.cases.length === 0);
      if (!stay) scroller.scrollTop = 0;
      draw();
    },
    choose(one) {
      const at = found.cases.indexOf(one);
      if (at >= 0) choose(at);
    },
    get cases() {
      return found.cases;
    },
    beside: (one) => found.beside(one),
  };
}
