// The review: galleries of suspicious images, page by page. Decisions are downloaded as decisions.csv.
PARTS.review = (section, { rows, classes, key }) => {
  const PER_PAGE = 24, COLUMNS = ["split", "index", "image", "suspicion", "decision", "chosen"], WORDS = { accept: "✓ accepted", refuse: "✕ refused" };
  const decided = read(); // row number → [decision, class that the person saw; "" if the row is not about a label]
  let visible = [], page = 0, at = 0;

  const kinds = [...new Set(rows.map((row) => row.suspicion))];
  const suspicion = choice("Suspicion", [["", "all"], ...kinds.map((kind) => [kind, kind])], () => filter());
  const state = choice("Decision", [["", "all"], ["open", "not decided"], ["done", "decided"]], () => filter());
  const previous = make("button", { type: "button", onclick: () => turn(page - 1) }, "← Back");
  const next = make("button", { type: "button", onclick: () => turn(page + 1) }, "Next →");
  const where = make("span", { role: "status" }), count = make("span", { role: "status" });
  const bar = make("progress", { max: rows.length, "aria-label": "Decided" });
  const out = make("button", { type: "button", onclick: () => save("decisions.csv", table()) }, "Download decisions.csv");
  const gallery = make("ul", { class: "gallery", "aria-label": "Images, the most suspicious first", onkeydown: press });
  section.append(make("div", { class: "controls" }, suspicion.label, state.label, previous, where, next),
    make("div", { class: "controls" }, bar, count, out), gallery);
  filter();

  function filter() {
    const matches = (row, i) => (!suspicion.select.value || row.suspicion === suspicion.select.value) &&
      (!state.select.value || (i in decided) === (state.select.value === "done"));
    visible = rows.flatMap((row, i) => (matches(row, i) ? [i] : []));
    turn(0);
  }

  function turn(to) {
    const pages = Math.max(1, Math.ceil(visible.length / PER_PAGE));
    page = Math.min(Math.max(to, 0), pages - 1);
    at = 0;
    gallery.replaceChildren(...visible.slice(page * PER_PAGE, (page + 1) * PER_PAGE).map(entry));
    where.textContent = `page ${page + 1} of ${pages}, ${visible.length.toLocaleString("en")} rows`;
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
    showCount();
  }

  function showCount() {
    const n = Object.keys(decided).length;
    count.textContent = `${n.toLocaleString("en")} of ${rows.length.toLocaleString("en")} decided`;
    bar.value = n;
    out.disabled = !n;
  }

  function entry(number, place) {
    const row = rows[number], what = `${row.split} image ${row.index}`;
    const facts = [["score", row.score.toFixed(3)]];
    if (row.label) facts.push(["label", row.label]);
    if (row.suggested) facts.push(["suggested", row.suggested]);
    const pick = row.suspicion === "label" && choice("class", classes.map((name) => [name, name]),
      () => decide(number, item, "accept"));
    const item = make("li", { class: "entry", tabindex: place ? -1 : 0, onfocus: () => { at = place; },
      "aria-label": `${what}: ${row.suspicion}. ${row.why}` },
      make("div", { class: "top" }, tile(row.tile, 84, what),
        make("div", {}, make("strong", {}, row.suspicion), make("span", { class: "decision" }), make("br"),
          make("small", {}, row.why), definitions(facts), make("small", {}, row.image === String(row.index) ? what : `${what}: ${row.image}`))),
      make("div", { class: "neighbors" }, ...row.neighbors.map(([name, number]) => make("span", {}, tile(number, 36, name), name))),
      make("div", { class: "controls" }, ...(pick ? [pick.label] : []), ...["accept", "refuse", null].map((decision) =>
        make("button", { type: "button", tabindex: -1, onclick: () => decide(number, item, decision) },
          decision === null ? "Undo (u)" : decision === "accept" ? "Accept (a)" : "Refuse (r)"))));
    if (pick) pick.select.value = chosen(number) || row.suggested;
    mark(number, item);
    return item;
  }

  function mark(number, item) {
    const decision = decided[number] ? decided[number][0] : "";
    item.className = `entry ${decision}`;
    item.querySelector(".decision").textContent = decision ? WORDS[decision] : "";
  }

  function decide(number, item, decision) {
    const picked = item.querySelector("select");
    if (decision) decided[number] = [decision, decision === "accept" && picked ? picked.value : ""];
    else delete decided[number];
    if (!decision && picked) picked.value = rows[number].suggested;
    mark(number, item);
    write();
    showCount();
  }

  /** The class of an accepted label. An older page did not keep the suggested one. */
  function chosen(number) {
    const [decision, label] = decided[number] || [];
    return label || (decision === "accept" && rows[number].suspicion === "label" ? rows[number].suggested : "");
  }

  function press(event) {
    if (event.target.matches("select")) return;
    const columns = getComputedStyle(gallery).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const decision = { a: "accept", r: "refuse", u: null }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step !== undefined) {
      event.preventDefault();
      go(at + step);
    } else if (decision !== undefined && gallery.children[at]) {
      decide(visible[page * PER_PAGE + at], gallery.children[at], decision);
      if (decision) go(at + 1);
    }
  }

  /** Focus an entry; past an end of the page, the page is turned. */
  function go(to) {
    if (to < 0 && page > 0) { turn(page - 1); to = gallery.children.length - 1; }
    else if (to >= gallery.children.length && !next.disabled) { turn(page + 1); to = 0; }
    at = Math.min(Math.max(to, 0), gallery.children.length - 1);
    [...gallery.children].forEach((item, i) => { item.tabIndex = i === at ? 0 : -1; });
    if (at >= 0) gallery.children[at].focus();
  }

  function table() {
    // As `spreadsheets.py` writes a cell: with an apostrophe, a spreadsheet does not compute it.
    const marked = (text) => (/^'*[=+\-@\t\r\n]/.test(text) ? `'${text}` : text);
    const cell = (text) => (/[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = Object.entries(decided).map(([number, [decision]]) => {
      const { split, index, image, suspicion } = rows[number];
      return [split, index, marked(image), suspicion, decision, marked(chosen(number))];
    });
    return [COLUMNS, ...lines].map((cells) => cells.map((each) => cell(String(each))).join(",")).join("\n") + "\n";
  }

  function read() { // a browser may forbid a page from the disk to keep anything
    try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; }
  }
  function write() {
    try { localStorage.setItem(key, JSON.stringify(decided)); } catch { /* the decisions stay until the page is closed */ }
  }
};
