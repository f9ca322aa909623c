// The map: a canvas with dots. One can point at them, filter, move and zoom.
PARTS.map = (section, map) => {
  const n = map.x.length;
  const kinds = map.groups; // [{name, title, names, of}]: `of[i]` is the group of dot i, -1 if it has none
  const chosen = kinds.map(() => -1); // for each kind the only group that is shown, -1 for all
  let kind = 0, pointed = -1, zoom = 1, left = 0, top = 0, waiting = false;
  let wide = 0, high = 0; // of the canvas; asking the browser for every dot would be slow

  const canvas = make("canvas", { class: "dots", tabindex: 0, role: "application",
    "aria-label": `Map of ${n} images. Arrow keys go from dot to dot, Enter shows only the dot's group, Escape shows all, plus and minus zoom.` });
  const said = make("p", { class: "said", role: "status" });
  const legend = make("div", { class: "legend", role: "group", "aria-label": "Show only" });
  const panel = make("div", { class: "pointed", "aria-live": "polite" }, "Point at a dot, or press an arrow key.");
  const colored = choice("Color by", kinds.map((each, k) => [k, each.title]), () => { kind = +colored.select.value; update(); });
  const filters = kinds.map((each, k) => choice(each.title, [[-1, "all"], ...each.names.map((name, g) => [g, name])],
    () => { chosen[k] = +filters[k].select.value; update(); }));
  const all = make("button", { type: "button", onclick: showAll }, "Show all");
  section.append(make("div", { class: "controls" }, colored.label, ...filters.map((each) => each.label), all), legend,
    make("div", { class: "map" }, canvas, panel), said);

  const context = canvas.getContext("2d");
  const shown = (i) => chosen.every((group, k) => group < 0 || kinds[k].of[i] === group);
  const ratio = () => window.devicePixelRatio || 1;
  // The map's unit square fits into the canvas; `zoom`, `left` and `top` move it.
  const scale = () => zoom * Math.min(wide, high) * 0.94;
  const onX = (i) => wide / 2 + (map.x[i] / map.unit - 0.5 + left) * scale();
  const onY = (i) => high / 2 + (map.y[i] / map.unit - 0.5 + top) * scale();

  /** The mark of a group: a color and, after all colors were used, the next shape. */
  function mark(group, radius) {
    const box = Math.ceil(2 * radius + 2), image = make("canvas", { width: box, height: box });
    const pen = image.getContext("2d"), c = box / 2, r = radius;
    pen.beginPath();
    const shape = Math.floor(group / DATA.palette.length) % 4;
    if (group < 0 || shape === 0) pen.arc(c, c, r * 0.9, 0, 7);
    else if (shape === 1) pen.rect(c - r * 0.8, c - r * 0.8, 1.6 * r, 1.6 * r);
    else if (shape === 2) { pen.moveTo(c, c - r); pen.lineTo(c + r, c + r * 0.8); pen.lineTo(c - r, c + r * 0.8); pen.closePath(); }
    else { pen.moveTo(c, c - r); pen.lineTo(c + r, c); pen.lineTo(c, c + r); pen.lineTo(c - r, c); pen.closePath(); }
    pen.fillStyle = group < 0 ? "#8a8f98" : DATA.palette[group % DATA.palette.length];
    pen.fill();
    pen.strokeStyle = "rgba(0, 0, 0, .45)"; // without it, yellow would vanish on white
    pen.lineWidth = Math.max(0.5, radius / 7);
    pen.stroke();
    return image;
  }

  function draw() {
    waiting = false;
    [wide, high] = [canvas.clientWidth, canvas.clientHeight];
    const width = Math.round(wide * ratio()), height = Math.round(high * ratio()), dense = ratio();
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const radius = Math.min(7, (n > 3000 ? 2.4 : 3.6) * Math.sqrt(zoom)) * ratio(), groups = kinds[kind].of;
    const marks = new Map([...new Set(groups)].map((group) => [group, mark(group, radius)]));
    for (let i = 0; i < n; i++) {
      if (!shown(i)) continue;
      const image = marks.get(groups[i]), x = onX(i) * dense, y = onY(i) * dense;
      if (x > -9 && y > -9 && x < width + 9 && y < height + 9) context.drawImage(image, x - image.width / 2, y - image.height / 2);
    }
    context.setTransform(ratio(), 0, 0, ratio(), 0, 0);
    names();
    if (pointed >= 0) ring(onX(pointed), onY(pointed));
  }

  /** The name of each group at the median of its dots: with many groups, colors are not enough. */
  function names() {
    const style = getComputedStyle(document.body);
    context.font = "600 14px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 4;
    context.lineJoin = "round";
    if (kinds[kind].names.length > 40) return;
    kinds[kind].names.forEach((name, group) => {
      const [i, j] = kinds[kind].centers[group];
      if (i < 0 || !(chosen[kind] < 0 || chosen[kind] === group)) return;
      const text = name.length > 18 ? `${name.slice(0, 17)}…` : name;
      context.strokeStyle = style.backgroundColor;
      context.strokeText(text, onX(i), onY(j));
      context.fillStyle = style.color;
      context.fillText(text, onX(i), onY(j));
    });
  }

  function ring(x, y) {
    for (const [color, width] of [["#fff", 5], ["#000", 2]]) {
      context.beginPath();
      context.arc(x, y, 8, 0, 7);
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke();
    }
  }

  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };

  function update() {
    filters.forEach((each, k) => { each.select.value = chosen[k]; });
    const count = Array.from({ length: n }, (_, i) => i).filter(shown).length;
    said.textContent = `${count.toLocaleString("en")} of ${n.toLocaleString("en")} images shown. Layout: ${map.method}. ` +
      "Wheel or +/− zooms, dragging moves.";
    legend.replaceChildren(...kinds[kind].names.map((name, group) => make("button",
      { type: "button", "aria-pressed": String(chosen[kind] === group), onclick: () => only(kind, chosen[kind] === group ? -1 : group) },
      mark(group, 6), name)));
    soon();
  }

  function only(k, group) { chosen[k] = group; update(); }
  function showAll() { chosen.fill(-1); zoom = 1; left = top = 0; update(); }

  function point(i) {
    if (i === pointed) return;
    pointed = i;
    if (i >= 0) {
      const buttons = kinds.flatMap((each, k) => each.of[i] < 0 ? [] : [make("button",
        { type: "button", onclick: () => only(k, each.of[i]) }, `Only ${each.title.toLowerCase()} ${each.names[each.of[i]]}`)]);
      const facts = kinds.filter((each) => each.of[i] >= 0).map((each) => [each.title, each.names[each.of[i]]]);
      const figures = map.figures.map((each) => [each.title, String(each.of[i])]);
      panel.replaceChildren(tile(map.tiles[i], 160, `test image ${map.rows[i]}`),
        definitions([["test image", String(map.rows[i])], ...facts, ...figures]), ...buttons);
    }
    soon();
  }

  /** The nearest visible and allowed dot to a place, at most `most` pixels away. */
  function nearest(x, y, most, allowed = () => true) {
    let best = -1, least = most * most;
    for (let i = 0; i < n; i++) {
      if (!shown(i)) continue;
      const dx = onX(i) - x, dy = onY(i) - y, away = dx * dx + dy * dy;
      if (away < least && allowed(dx, dy, i)) [best, least] = [i, away];
    }
    return best;
  }

  function zoomBy(factor, x = wide / 2, y = high / 2) {
    const before = scale();
    zoom = Math.min(60, Math.max(0.8, zoom * factor));
    left += (x - wide / 2) * (1 / scale() - 1 / before);
    top += (y - high / 2) * (1 / scale() - 1 / before);
    soon();
  }

  let held = null, moved = 0;
  canvas.addEventListener("pointerdown", (event) => { held = event; moved = 0; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    if (held) {
      left += (event.offsetX - held.offsetX) / scale();
      top += (event.offsetY - held.offsetY) / scale();
      moved += Math.abs(event.offsetX - held.offsetX) + Math.abs(event.offsetY - held.offsetY);
      held = event;
      soon();
    } else {
      const i = nearest(event.offsetX, event.offsetY, 12);
      if (i >= 0) point(i);
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    held = null;
    const i = nearest(event.offsetX, event.offsetY, 16);
    if (moved > 4 || i < 0) return;
    point(i);
    if (event.pointerType !== "touch" && kinds[kind].of[i] >= 0) only(kind, chosen[kind] < 0 ? kinds[kind].of[i] : -1);
  });
  canvas.addEventListener("pointercancel", () => { held = null; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [0, 0];
    if (dx || dy) {
      const from = pointed < 0 || !shown(pointed) ? null : pointed;
      const x = from === null ? wide / 2 : onX(from), y = from === null ? high / 2 : onY(from);
      // Within 45° of the arrow, and beyond marks that overlap.
      const ahead = (ax, ay, i) => i !== from && (from === null || (ax * dx + ay * dy > 3 && ax * dx + ay * dy >= Math.abs(ax * dy) + Math.abs(ay * dx)));
      const i = nearest(x, y, 1e9, ahead);
      if (i >= 0) point(i);
    } else if (event.key === "Enter" && pointed >= 0) only(kind, chosen[kind] < 0 ? kinds[kind].of[pointed] : -1);
    else if (event.key === "Escape") showAll();
    else if (event.key === "+" || event.key === "-") zoomBy(event.key === "+" ? 1.4 : 1 / 1.4);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(soon).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  update();
};
