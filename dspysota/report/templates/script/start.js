// Puts it all together: the state in the address, the filters, the list, and the example that is open.

// The address is changed without loading anything; where even that is forbidden the page works without.
function readdress(hash, push = false) {
  if (hash === location.hash) return;
  try {
    history[push ? "pushState" : "replaceState"](null, "", hash);
  } catch {
    // An address that cannot be changed leads back to the page alone.
  }
}

function explorer(book) {
  const form = byId("filters");
  const [details, hasWords] = [detailsReader(), indexSearch(book)];
  const find = finder(book, hasWords);
  const deep = deepSearch(details, hasWords);
  let state = everything();

  const list = listing(book, (one) => open(one, true));
  const view = exampleView(book, details, {
    onMove: (by) => open(list.cases[list.cases.indexOf(state.open) + by]),
    onClose: () => {
      if (state.open === null) return;
      state.open = null;
      readdress(addressOf(book, state));
    },
  });

  function open(one, push = false) {
    const fresh = state.open === null;
    state.open = one;
    readdress(addressOf(book, state), push && fresh);
    list.choose(one);
    view.show(one, list.beside(one), list.cases.indexOf(one), list.cases.length);
  }

  // What an address asked for and this report does not have is said until something else is asked for. It is somebody's
  // text: cut, and without characters that nobody sees.
  const told = (found, more = "") => {
    const words = state.unknown.map((one) => one.slice(0, 60).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "\ufffd"));
    const unknown = words.length ? `; not in this report: ${words.join(", ")}` : "";
    byId("hits").textContent = `${count(found.cases.length)} of ${count(book.size)} cases${more}${unknown}`;
  };

  // Searching in everything takes a while: what is found shows up as it is.
  function showDeep(words) {
    const marks = new Uint8Array(book.size);
    const onProgress = (searched, done) => {
      draw(find(state, marks), true);
      if (!done) told({ cases: list.cases }, `, ${count(searched)} searched`);
    };
    deep.search(words, marks, onProgress).catch((error) => told({ cases: list.cases }, `; the search broke off: ${error.message}`));
  }

  function show() {
    deep.stop();
    const words = wordsOf(state);
    draw(find(state, state.deep && words.length ? new Uint8Array(book.size) : null));
    if (state.deep && words.length) showDeep(words);
  }

  function draw(found, stay = false) {
    form.elements.deep.checked = state.deep;
    for (const input of form.querySelectorAll("[data-kind]")) {
      input.checked = state.kinds.has(Number(input.dataset.kind));
      input.parentElement.querySelector("[data-count]").textContent = count(found.counts[Number(input.dataset.kind)]);
    }
    for (const button of byId("list").querySelectorAll("[data-by]")) {
      const on = (state.by || "kind") === button.dataset.by;
      const down = state.by ? state.down : true;
      if (on) button.parentElement.ariaSort = down ? "descending" : "ascending";
      else button.parentElement.removeAttribute("aria-sort");
    }
    told(found);
    list.show(found, stay);
  }

  function changed() {
    state.unknown = [];
    for (const name of FIELDS) state[name] = form.elements[name].value;
    state.deep = form.elements.deep.checked;
    state.kinds = new Set([...form.querySelectorAll("[data-kind]:checked")].map((one) => Number(one.dataset.kind)));
    show();
    readdress(addressOf(book, state));
  }

  function pressed(by) {
    state.unknown = [];
    if ((state.by || "kind") !== by) [state.by, state.down] = [by, by !== "run"];
    else if (!state.by) [state.by, state.down] = [by, false];
    else if (state.down === (by !== "run")) state.down = !state.down;
    else [state.by, state.down] = ["", false];
    show();
    readdress(addressOf(book, state));
  }

  function take(next) {
    state = next;
    for (const name of FIELDS) {
      form.elements[name].value = state[name];
      if (form.elements[name].value === state[name]) continue;
      state.unknown.push(`${name}=${state[name]}`); // no such choice
      form.elements[name].value = state[name] = "";
    }
    show();
    if (state.unknown.length) readdress(addressOf(book, state));
    if (state.open === null) view.close();
    else open(state.open);
  }

  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    take(everything());
    readdress(addressOf(book, state));
  });
  byId("list").tHead.addEventListener("click", (event) => {
    const button = event.target.closest("[data-by]");
    if (button) pressed(button.dataset.by);
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select, dialog") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    form.elements.q.focus();
  });

  show();
  return (hash) => {
    // A mended address is no question of its own: browsers tell of one step by two events.
    if (state.unknown.length && hash === addressOf(book, state)) return;
    const next = readAddress(book, hash, state);
    if (next) {
      take(next);
      if (next.open === null) byId("examples").scrollIntoView({ behavior: "instant" });
    } else if (state.open !== null) {
      state.open = null; // before it closes, which would lead back here
      view.close();
    }
  };
}

async function start() {
  const sorted = sortedTables();
  const followers = [sorted];
  const follow = () => followers.forEach((follower) => follower(location.hash));
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  if (byId("explorer") && typeof DecompressionStream === "function") {
    const book = await readBook();
    document.documentElement.classList.add("live");
    byId("explorer").hidden = false;
    followers.push(explorer(book));
    // Links to examples that only the script can show.
    for (const link of document.querySelectorAll("a[data-href]")) link.href = link.dataset.href;
    requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("examples-shown")));
  }
  follow();
}

start();
