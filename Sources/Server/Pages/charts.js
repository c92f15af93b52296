"use strict";
// Elements, numbers as text, and charts. Every text from the service goes through textContent.
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};
const draw = (tag, attributes = {}, title) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (title !== undefined) {
    const words = document.createElementNS("http://www.w3.org/2000/svg", "title");
    words.textContent = title;
    element.append(words);
  }
  return element;
};
/** A name of the service on one line: without control and direction characters, and cut. */
const plain = (text, most = 48) => {
  const clean = String(text ?? "").replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
  return clean.length > most ? clean.slice(0, most - 1) + "…" : clean;
};
const usd = (value) => {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const digits = size === 0 ? "0" : size >= 100 ? size.toFixed(0) : size >= 1 ? size.toFixed(2)
    : size >= 1e-6 ? Number(size.toPrecision(3)).toFixed(Math.min(9, 2 - Math.floor(Math.log10(size)))).replace(/0+$/, "") : size.toExponential(1);
  return (value < 0 ? "−$" : "$") + digits;
};
const count = (value) => value === null || value === undefined ? "–"
  : new Intl.NumberFormat("en", { notation: Math.abs(value) >= 1e5 ? "compact" : "standard", maximumFractionDigits: 1 }).format(value);
const percent = (value, digits = 1) => value === null || value === undefined || !isFinite(value) ? "–" : (100 * value).toFixed(digits) + " %";
const seconds = (value) => value === null || value === undefined ? "–" : value < 1 ? Math.round(value * 1000) + " ms" : value.toFixed(1) + " s";
const energy = (value) => value === null || value === undefined ? "–" : value >= 3.6e6 ? (value / 3.6e6).toFixed(2) + " kWh"
  : value >= 1000 ? (value / 1000).toFixed(1) + " kJ" : value.toFixed(1) + " J";
const score = (value) => value === null || value === undefined ? "–" : value.toFixed(3);
const moment = (text) => text ? new Intl.DateTimeFormat("en-GB", { timeZone: state.tz, dateStyle: "short", timeStyle: "medium" }).format(new Date(text)) : "–";

/** A table. Columns are {title, cell, text, long}; a row's class comes from `look`. */
function table(columns, rows, look, caption) {
  const head = make("tr", {}, ...columns.map((column) => make("th", { scope: "col", class: column.text ? "text" : null }, column.title)));
  const body = rows.map((row) => make("tr", { class: look ? look(row) : null }, ...columns.map((column) => {
    const value = column.cell(row);
    return make("td", { class: (column.text ? "text" : "") + (column.long ? " long" : "") }, value instanceof Node ? value : String(value ?? "–"));
  })));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

function cards(list) {
  return make("dl", { class: "cards" }, ...list.map(([name, value, words, tone]) =>
    make("div", {}, make("dt", {}, name), make("dd", { class: [tone, /^[^\d$−–-]/.test(String(value)) ? "words" : null].filter(Boolean).join(" ") || null }, value, make("small", {}, words ?? "")))));
}

function legend(names, extra = []) {
  const item = (mark, text) => make("li", {}, mark, make("span", { class: "name" }, plain(text, 40)));
  const box = (index) => { const svg = draw("svg", { viewBox: "0 0 8 8", "aria-hidden": "true" }); svg.append(draw("rect", { width: 8, height: 8, rx: 1.5, class: "f" + index })); return svg; };
  const dash = () => { const svg = draw("svg", { viewBox: "0 0 8 8", "aria-hidden": "true" }); svg.append(draw("path", { d: "M0 4H8", class: "base" })); return svg; };
  return make("ul", { class: "legend" }, ...names.map((name, index) => item(box(Math.min(index, 8)), name)), ...extra.map((name) => item(dash(), name)));
}

const niceTop = (most) => {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((factor) => factor * power).find((top) => top >= most * 0.999);
};

/** An SVG as wide as its place, redrawn when that changes. `paint(svg, width)` returns its height. */
function picture(label, paint) {
  const place = make("div", { role: "img", "aria-label": label });
  const redraw = () => {
    const width = Math.max(260, Math.floor(place.clientWidth || 640));
    const svg = draw("svg", { "aria-hidden": "true" });
    const height = paint(svg, width);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    place.replaceChildren(svg);
  };
  new ResizeObserver(redraw).observe(place);
  return place;
}

/** Horizontal lines with numbers; returns the function from values to y. */
function ruler(svg, box, top, text) {
  const y = (value) => box.bottom - (box.bottom - box.top) * value / top;
  for (const part of [0, 0.5, 1]) {
    svg.append(draw("line", { x1: box.left, x2: box.right, y1: y(part * top), y2: y(part * top), class: "axis" }));
    const words = draw("text", { x: box.left - 6, y: y(part * top) + 4, "text-anchor": "end" });
    words.textContent = text(part * top);
    svg.append(words);
  }
  return y;
}

function ticks(svg, box, labels, step) {
  const every = Math.max(1, Math.ceil(labels.length / Math.max(1, Math.floor((box.right - box.left) / 72))));
  labels.forEach((label, index) => {
    if (index % every !== 0) return;
    const words = draw("text", { x: box.left + step * (index + 0.5), y: box.bottom + 16, "text-anchor": "middle" });
    words.textContent = label;
    svg.append(words);
  });
}

/** Stacked bars: `spans` are {label, parts: [numbers], base, words}. */
function stackedBars(label, spans, text, height = 240) {
  return picture(label, (svg, width) => {
    const box = { left: 58, right: width - 8, top: 10, bottom: height - 24 };
    const most = Math.max(0, ...spans.map((span) => Math.max(span.base ?? 0, span.parts.reduce((sum, part) => sum + part, 0))));
    const y = ruler(svg, box, niceTop(most), text);
    const step = (box.right - box.left) / Math.max(1, spans.length);
    const line = [];
    spans.forEach((span, index) => {
      const group = draw("g", {}, span.words);
      group.append(draw("rect", { x: box.left + step * index, y: box.top, width: step, height: box.bottom - box.top, fill: "transparent" }));
      let below = 0;
      span.parts.forEach((part, place) => {
        if (part <= 0) return;
        const bar = Math.min(56, step * 0.76);
        group.append(draw("rect", { x: box.left + step * (index + 0.5) - bar / 2, y: y(below + part), width: bar, height: Math.max(0.75, y(below) - y(below + part)), class: "f" + Math.min(place, 8) }));
        below += part;
      });
      svg.append(group);
      if (span.base !== undefined) line.push(`${box.left + step * index},${y(span.base)} ${box.left + step * (index + 1)},${y(span.base)}`);
    });
    if (line.length) svg.append(draw("polyline", { points: line.join(" "), class: "base" }));
    ticks(svg, box, spans.map((span) => span.label), step);
    return height;
  });
}

/** Lines over the same spans: `lines` are arrays with null for a gap. */
function lineChart(label, labels, lines, text, height = 200, top) {
  return picture(label, (svg, width) => {
    const box = { left: 58, right: width - 8, top: 10, bottom: height - 24 };
    const most = top ?? niceTop(Math.max(0, ...lines.flat().filter((value) => value !== null)));
    const y = ruler(svg, box, most, text);
    const step = (box.right - box.left) / Math.max(1, labels.length);
    lines.forEach((values, place) => {
      let points = [];
      const flush = () => {
        if (points.length > 1) svg.append(draw("polyline", { points: points.map((point) => point.join(",")).join(" "), class: "line l" + place }));
        points = [];
      };
      values.forEach((value, index) => {
        if (value === null || value === undefined) return flush();
        const point = [box.left + step * (index + 0.5), y(value)];
        points.push(point);
        svg.append(draw("circle", { cx: point[0], cy: point[1], r: 2.5, class: "f" + place }, `${labels[index]}: ${text(value)}`));
      });
      flush();
    });
    ticks(svg, box, labels, step);
    return height;
  });
}

/** Cost against quality: `points` are {x, y, name, kind}; the curve joins those of kind "curve". */
function scatter(label, points, height = 280) {
  return picture(label, (svg, width) => {
    const box = { left: 58, right: width - 12, top: 16, bottom: height - 34 };
    const xs = points.map((point) => point.x), ys = points.map((point) => point.y);
    const top = niceTop(Math.max(...xs)), low = Math.min(...ys), high = Math.max(...ys);
    const pad = Math.max(0.005, (high - low) * 0.12);
    const [from, to] = [Math.max(0, low - pad), Math.min(1, high + pad)];
    const x = (value) => box.left + (box.right - box.left) * value / top;
    const y = (value) => box.bottom - (box.bottom - box.top) * (value - from) / Math.max(1e-9, to - from);
    for (const part of [0, 0.5, 1]) {
      const value = from + part * (to - from);
      svg.append(draw("line", { x1: box.left, x2: box.right, y1: y(value), y2: y(value), class: "axis" }));
      const words = draw("text", { x: box.left - 6, y: y(value) + 4, "text-anchor": "end" });
      words.textContent = percent(value);
      const cost = draw("text", { x: x(part * top), y: box.bottom + 16, "text-anchor": part === 1 ? "end" : part ? "middle" : "start" });
      cost.textContent = usd(part * top);
      svg.append(words, cost);
    }
    const curve = points.filter((point) => point.kind === "curve").sort((a, b) => a.x - b.x);
    svg.append(draw("polyline", { points: curve.map((point) => `${x(point.x)},${y(point.y)}`).join(" "), class: "line l0" }));
    for (const point of points) {
      const mark = point.kind === "curve" ? { r: 3.5, class: "f0" } : point.kind === "now" ? { r: 7, class: "now" } : point.kind === "assumed" ? { r: 6, class: "f3" } : { r: 6, class: "f2" };
      svg.append(draw("circle", { cx: x(point.x), cy: y(point.y), ...mark }, `${point.name}: ${usd(point.x)}, ${percent(point.y)}`));
    }
    return height;
  });
}
