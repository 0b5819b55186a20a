// Tables that can be sorted by the button in a column's head: up, down, and back to the order they came in.
// `#runs?by=Score&down=1` is the address of a sorted table; `table=2` names the second one of a section.

const NUMBER = /^[^\d∞]{0,2}(∞|\d[\d,]*(?:\.\d+)?)\s*([kMGTPEZ](?=FLOP|\b))?/;
const POWERS = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18, Z: 1e21 };
const OUTCOMES = ["failed", "inconclusive", "not judged", "passed"];
const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

// The number that a cell begins with, before its interval or unit; NaN where there is none.
function leading(text) {
  const found = NUMBER.exec(text.trim());
  if (!found) return NaN;
  const sign = /^\s*\$?\s*[-−]/.test(text) ? -1 : 1;
  const size = found[1] === "∞" ? Infinity : Number(found[1].replaceAll(",", ""));
  return sign * size * (POWERS[found[2]] ?? 1);
}

function cellValue(cell) {
  if (!cell) return "";
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  const text = cell.textContent.replace(/\s+/g, " ").trim();
  if (cell.classList.contains("outcome")) return OUTCOMES.findIndex((word) => text.includes(word));
  if (cell.classList.contains("kinds")) {
    return [...cell.querySelectorAll(".kind")].reduce((sum, one) => sum + Number(/\d+$/.exec(one.textContent) ?? 0), 0);
  }
  if (cell.tagName === "TH") {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll(".no").forEach((one) => one.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  }
  return ["", "–", "unknown", "not reported", "no cases", "none"].includes(text) ? null : Number.isNaN(leading(text)) ? text : leading(text);
}

// Numbers by size, texts by letters, numbers before texts; what is not there comes last, up or down.
function compared(one, other, sign) {
  if (one === null || other === null) return (one === null) - (other === null);
  if (typeof one === "number" && typeof other === "number") return one === other ? 0 : sign * (one < other ? -1 : 1);
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return sign * names.compare(one, other);
}

// Only tables whose rows stand for themselves: one body, no cell over several rows or columns, no groups of rows.
function canBeSorted(table) {
  return (
    table.id !== "list" &&
    table.tHead?.rows.length === 1 &&
    table.tBodies.length === 1 &&
    table.tBodies[0].rows.length > 1 &&
    !table.querySelector("tbody tr.first, tbody [rowspan], tbody [colspan], thead [colspan]")
  );
}

function sorter(table, onSorted) {
  const body = table.tBodies[0];
  const order = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const title = (head) => head.textContent.replace(/\s+/g, " ").trim();
  const numbers = (at) => order.filter((row) => typeof cellValue(row.cells[at]) === "number").length * 2 > order.length;

  // `at` is a column, -1 the order that the rows came in.
  function sort(at, down) {
    const rows = order.map((row, place) => [at < 0 ? 0 : cellValue(row.cells[at]), place, row]);
    if (at >= 0) rows.sort((a, b) => compared(a[0], b[0], down ? -1 : 1) || a[1] - b[1]);
    body.append(...rows.map(([, , row]) => row));
    heads.forEach((head, place) => {
      if (place === at) head.ariaSort = down ? "descending" : "ascending";
      else head.removeAttribute("aria-sort");
    });
  }

  function pressed(at) {
    const first = numbers(at) && !heads[at].classList.contains("outcome") && title(heads[at]) !== "Outcome";
    const [now, down] = [heads[at].ariaSort, first];
    if (!now) sort(at, down);
    else if ((now === "descending") === first) sort(at, !first);
    else sort(-1, false);
    onSorted(heads[at].ariaSort ? title(heads[at]) : "", heads[at].ariaSort === "descending");
  }

  heads.forEach((head, at) => {
    const button = element("button", "sorts");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => pressed(at));
  });
  table.classList.add("sortable");
  return (by, down) => sort(heads.findIndex((head) => title(head) === by), down);
}

function sortedTables() {
  const known = new Map();
  for (const section of document.querySelectorAll("main section[id]")) {
    const tables = [...section.querySelectorAll("table")].filter(canBeSorted);
    const sorters = tables.map((table, at) =>
      sorter(table, (by, down) => {
        const words = new URLSearchParams();
        if (by) words.set("by", by);
        if (by && down) words.set("down", "1");
        if (by && at) words.set("table", String(at + 1));
        readdress(`#${section.id}${by ? `?${words}` : ""}`);
      }),
    );
    known.set(section.id, sorters);
  }
  return (hash) => {
    const [anchor, words] = decodedAnchor(hash);
    const sort = known.get(anchor)?.[Number(words.get("table") ?? 1) - 1];
    if (!sort || !words.get("by")) return;
    sort(words.get("by"), words.get("down") === "1");
    byId(anchor).scrollIntoView({ behavior: "instant" });
  };
}
