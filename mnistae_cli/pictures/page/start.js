// Waits for the sprite sheets, then draws each part that DATA has into a section of its own.
(async () => {
  for (const source of DATA.tiles.sheets) {
    const image = new Image();
    image.src = source;
    SHEETS.push(image);
  }
  await Promise.all(SHEETS.map((image) => image.decode()));
  const contents = document.getElementById("contents"), parts = document.getElementById("parts");
  for (const [name, part] of Object.entries(DATA.parts)) {
    contents.append(make("a", { href: `#${name}` }, part.title), " ");
    const section = make("section", { id: name, "aria-labelledby": `title-${name}` },
      make("h2", { id: `title-${name}` }, part.title), make("p", {}, part.note));
    parts.append(section);
    PARTS[name](section, part);
  }
  document.body.dataset.ready = "yes";
})();
