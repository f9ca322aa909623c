// The contact sheet: names are typed next to the images of each cluster, and become a command.
PARTS.sheet = (section, { clusters, surest, command }) => {
  const line = make("textarea", { class: "line", readonly: true, "aria-label": "Command with the names", spellcheck: "false" });
  const said = make("p", { class: "said", role: "status" });
  const inputs = clusters.map(({ cluster, name }) => make("input",
    { value: name, maxlength: 80, "aria-label": `Name of cluster ${cluster}`, autocomplete: "off", oninput: update }));
  const copy = make("button", { type: "button", onclick: copyLine }, "Copy the command");
  inputs.forEach((input, i) => input.addEventListener("keydown", (event) => {
    const next = { Enter: i + 1, ArrowDown: i + 1, ArrowUp: i - 1 }[event.key];
    if (next !== undefined) { event.preventDefault(); (inputs[next] || copy).focus(); }
  }));
  clusters.forEach((each, i) => section.append(make("div", { class: "cluster" },
    make("div", {}, make("h3", {}, `Cluster ${each.cluster}`), inputs[i],
      make("small", {}, `${each.size.toLocaleString("en")} images, ${(100 * each.unsure).toFixed(1)}% unsure `),
      make("span", { class: "flag" }, flags(each))),
    strip(surest, each.surest, each.cluster), strip("least sure", each.least, each.cluster))));
  section.append(make("h3", {}, "The names as a command"), line, make("div", { class: "controls" }, copy), said);
  update();

  function flags({ small, mixed, provisional }) {
    return [small && "small", mixed && "looks mixed", provisional && "provisional"].filter(Boolean).join(", ");
  }

  function strip(title, tiles, cluster) {
    return make("div", {}, make("small", {}, title), make("div", { class: "strip" },
      ...tiles.map((number, i) => tile(number, 38, `cluster ${cluster}, ${title}, ${i + 1}`))));
  }

  function update() {
    const names = inputs.map((input) => input.value.trim());
    const open = names.filter((name) => !name).length;
    inputs.forEach((input, i) => input.setAttribute("aria-invalid", String(names[i].includes(","))));
    line.value = `${command} --names ${quoted(names.join(","))}`;
    const comma = names.some((name) => name.includes(","));
    copy.disabled = Boolean(open) || comma;
    said.textContent = comma ? "A name cannot contain a comma." : open ? `${open} of ${names.length} have no name yet. Two may have the same name.` : "All have a name.";
  }

  /** Quoted for a shell. */
  function quoted(text) {
    return /^[\w.,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  }

  async function copyLine() {
    line.select();
    try {
      await navigator.clipboard.writeText(line.value);
    } catch {
      document.execCommand("copy"); // the only way for a page from the disk in some browsers
    }
    said.textContent = "Copied.";
  }
};
