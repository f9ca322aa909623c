// Draws each part in DATA into its own section. The small images follow when they are decoded.
(async () => {
  const contents = document.getElementById("contents"), parts = document.getElementById("parts");
  for (const [name, part] of Object.entries(DATA.parts)) {
    contents.append(make("a", { href: `#${name}` }, part.title), " ");
    const section = make("section", { id: name, "aria-labelledby": `title-${name}` },
      make("h2", { id: `title-${name}` }, part.title), make("p", {}, part.note));
    parts.append(section);
    PARTS[name](section, part);
  }
  document.body.dataset.drawn = "yes";
  await Promise.all(SHEETS.map((sheet) => sheet.ready));
  document.body.dataset.ready = "yes";
})();
