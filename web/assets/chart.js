// Charts of curves, as SVG, each with its numbers as a table.

import { make } from "./dom.js";

const width = 400, height = 160;
const dashes = ["", "7 4", "3 3", "10 3 2 3", "14 5", "4 2", "1 4", "10 3 2 3 2 3"]; // told apart without colours as well

export function tableOf(caption, heads, rows) {
  return make("table", {}, make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...heads.map((h) => make("th", { scope: "col" }, h)))),
    make("tbody", {}, ...rows.map(([first, ...rest]) => make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((v) => make("td", {}, v))))));
}

const number = (x) => (Math.abs(x) < 1e6 && (Number.isInteger(x) || Math.abs(x) >= 1e4) ? String(Math.round(x)) : x.toPrecision(4));

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// A Chart draws one column, of one run or of several.
export class Chart {
  constructor(title) {
    this.title = title;
    this.frame = make("div", { class: "plot" });
    this.legend = make("ul", { class: "legend" });
    this.numbers = make("details", { on: { toggle: () => this.fill() } }, make("summary", {}, "Numbers"));
    this.element = make("figure", { class: "chart card" }, make("figcaption", {}, title), this.frame, this.legend, this.numbers);
  }

  // show draws curves [{name, points: [[x, y], …], at}], where at chooses the kind of line, with a line at the value that noise has.
  show(curves, { x, noise }) {
    const key = JSON.stringify([curves, x, noise]);
    if (key === this.key) return;
    Object.assign(this, { key, curves, x });
    const points = curves.flatMap((c) => c.points);
    this.legend.replaceChildren(...curves.map((c) => entry(c)), ...(noise === undefined ? [] : [make("li", {}, sign("noise", "1 3"), `noise: ${number(noise)}`)]));
    if (points.length === 0) return this.frame.replaceChildren(make("p", { class: "hint" }, "No values yet."));
    const values = points.map((p) => p[1]);
    const logarithmic = noise === undefined && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) >= 100;
    const up = logarithmic ? Math.log : (v) => v;
    const all = noise === undefined ? values : [...values, noise];
    const [left, right] = span(points.map((p) => p[0])), [low, high] = span(all.map(up));
    if (!Number.isFinite(high - low) || !Number.isFinite(right - left)) return this.frame.replaceChildren(make("p", { class: "hint" }, "These values are too far apart to be drawn."));
    const place = ([px, py]) => `${((width * (px - left)) / (right - left)).toFixed(1)} ${(height - (height * (up(py) - low)) / (high - low)).toFixed(1)}`;
    const drawn = curves.filter((c) => c.points.length > 0).map((c) => svg("path", {
      class: `line line${c.at % 8}`, "stroke-dasharray": dashes[c.at % 8], d: c.points.length === 1 ? `M${place(c.points[0])}h4` : "M" + c.points.map(place).join("L"),
    }));
    const grid = [0, 0.25, 0.5, 0.75, 1].map((s) => svg("path", { class: "grid", d: `M0 ${s * height}H${width}` }));
    const level = noise === undefined ? [] : [svg("path", { class: "noise", "stroke-dasharray": "1 3", d: `M${place([left, noise])}H${width}` })];
    const label = `${this.title} by ${x}: ` + curves.map((c) => (c.points.length > 0 ? `${c.name} ${number(c.points[0][1])} to ${number(c.points.at(-1)[1])}` : `${c.name}: no values`)).join("; ");
    const back = logarithmic ? Math.exp : (v) => v;
    this.frame.replaceChildren(
      make("span", { class: "most" }, number(back(high)) + (logarithmic ? " (logarithmic)" : "")),
      svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...grid, ...level, ...drawn),
      make("span", { class: "least" }, number(back(low))),
      make("span", { class: "from" }, `${x} ${number(points.reduce((m, p) => Math.min(m, p[0]), Infinity))} to ${number(points.reduce((m, p) => Math.max(m, p[0]), -Infinity))}`));
    this.fill();
  }

  // fill writes the table, when it is open.
  fill() {
    if (!this.numbers.open || !this.curves) return;
    const rows = [...new Set(this.curves.flatMap((c) => c.points.map((p) => p[0])))].sort((a, b) => a - b);
    const by = this.curves.map((c) => new Map(c.points));
    const table = tableOf(this.title, [this.x, ...this.curves.map((c) => c.name)], rows.map((r) => [number(r), ...by.map((m) => (m.has(r) ? number(m.get(r)) : "—"))]));
    this.box ??= make("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": `Numbers: ${this.title}` });
    this.box.replaceChildren(table);
    if (!this.box.isConnected) this.numbers.append(this.box);
  }
}

const sign = (kind, dash) => svg("svg", { class: "sign", viewBox: "0 0 30 10", "aria-hidden": "true" }, svg("path", { class: kind, "stroke-dasharray": dash, d: "M0 5H30" }));

const entry = (c) => make("li", {}, sign(`line line${c.at % 8}`, dashes[c.at % 8]), `${c.name}: ${c.points.length > 0 ? number(c.points.at(-1)[1]) : "none"}`);

// span is the least and the greatest, a little apart.
function span(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) [low, high] = [Math.min(low, v), Math.max(high, v)];
  return high > low ? [low, high] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
}
