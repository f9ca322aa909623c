// Shared by all parts of the page. Text is only inserted as textContent, so that names cannot become markup.
"use strict";
const DATA = JSON.parse(document.getElementById("data").textContent);
const PARTS = {}; // name → function that draws DATA.parts[name] into its section
const SHEETS = DATA.tiles.sheets.map((source) => { // sprite sheets: images, and a promise that each can be drawn
  const image = new Image();
  image.src = source;
  return { image, ready: image.decode() };
});

/** An element with attributes (or listeners: `onclick`) and children, which are elements or text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** The image of a tile, `size` pixels at its longer side. */
function tile(number, size, text) {
  const canvas = make("canvas", { class: "tile", role: "img", "aria-label": text, title: text });
  drawTile(canvas, number, size);
  return canvas;
}

async function drawTile(canvas, number, size) {
  const { width, height, columns, per_sheet: perSheet } = DATA.tiles;
  const place = number % perSheet;
  canvas.width = width;
  canvas.height = height;
  canvas.style.width = `${(size * width) / Math.max(width, height)}px`;
  canvas.style.height = `${(size * height) / Math.max(width, height)}px`;
  const { image, ready } = SHEETS[Math.floor(number / perSheet)];
  await ready;
  canvas.getContext("2d").drawImage(image,
    (place % columns) * width, Math.floor(place / columns) * height, width, height, 0, 0, width, height);
}

/** A select with [value, text] pairs and a label. */
function choice(label, pairs, onchange) {
  const select = make("select", { onchange, "aria-label": label }, ...pairs.map(([value, text]) => make("option", { value }, text)));
  return { select, label: make("label", {}, label, select) };
}

function definitions(pairs) {
  return make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** Let the browser save a text as a file. Nothing is sent anywhere. */
function save(name, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

PARTS.scores = (section, { header, rows }) => {
  const head = make("tr", {}, ...header.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map(([name, ...values]) =>
    make("tr", {}, make("th", { scope: "row" }, name), ...values.map((value) => make("td", {}, value))));
  section.append(make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Scores" },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...body))));
};

PARTS.figures = (section, { figures }) => {
  section.append(make("div", { class: "figures" }, ...figures.map(({ file, caption, source }) =>
    make("figure", {}, make("img", { src: source, alt: caption, loading: "lazy" }), make("figcaption", {}, `${caption} (${file})`)))));
};

PARTS.absent = (section, { rows }) => {
  section.append(make("ul", {}, ...rows.map(([what, command]) => make("li", {}, `${what}: `, make("code", {}, command)))));
};
