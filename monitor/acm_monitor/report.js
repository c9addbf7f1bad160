"use strict";
// Axes of time that fit the width, zoom, and the values under the pointer. Without it the page shows all the same.

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, MONTH = 30.4 * DAY, YEAR = 365.25 * DAY;
const EVEN = [1, 2, 5];
const STEPS = [.001, .01, .1, 1, 10, 100].flatMap(size => EVEN.map(n => n * size)).concat(
  [1, 2, 5, 10, 15, 30].map(n => n * SECOND), [1, 2, 5, 10, 15, 30].map(n => n * MINUTE),
  [1, 2, 3, 6, 12].map(n => n * HOUR), [1, 2, 4, 7, 14].map(n => n * DAY), [1, 2, 3, 6].map(n => n * MONTH),
  [1, 10, 100, 1000].flatMap(size => EVEN.map(n => n * size * YEAR)));
const WORDS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Pixels between ticks, so that their labels do not touch. */
function apart(step) { return step >= MONTH ? 48 : step >= DAY ? 56 : step >= SECOND ? 84 : 120; }

/** Places and labels of ticks on an axis of some pixels: what changes from one to the next above what they share. */
function ticks(from, to, pixels) {
  let number = STEPS.findIndex(size => pixels * size / (to - from) >= apart(size));
  if (number < 0) number = STEPS.length - 1;
  while (number > 0 && !round(from, to, STEPS[number]).length) number--;
  const step = STEPS[number], found = [];
  let shared = "";
  for (const time of round(from, to, step)) {
    const [above, below] = label(time, step);
    found.push([time, below === shared ? above : above + "\n" + below]);
    shared = below;
  }
  return found;
}

function round(from, to, step) {
  const found = [];
  if (step < MONTH) {
    const monday = step >= 7 * DAY ? 4 * DAY : 0; // 1970 began on a Thursday
    for (let n = Math.ceil((from - monday) / step); n * step + monday <= to; n++) found.push(n * step + monday);
    return found;
  }
  const months = step < YEAR ? Math.round(step / MONTH) : 12 * Math.round(step / YEAR);
  const first = new Date(from);
  let n = Math.floor((12 * first.getUTCFullYear() + first.getUTCMonth()) / months) * months;
  for (let time; (time = Date.UTC(Math.floor(n / 12), n % 12)) <= to; n += months) if (time >= from) found.push(time);
  return found;
}

function label(time, step) {
  const date = new Date(time), day = `${date.getUTCDate()} ${WORDS[date.getUTCMonth()]}`, year = String(date.getUTCFullYear());
  if (step >= YEAR) return [year, ""];
  if (step >= MONTH) return [WORDS[date.getUTCMonth()], year];
  if (step >= DAY) return [day, year];
  return [clock(time, step), `${day} ${year}`];
}

/** The time of day, as exactly as `step` asks for. */
function clock(time, step) {
  const text = new Date(Math.floor(time)).toISOString();
  if (step >= MINUTE) return text.slice(11, 16);
  if (step >= SECOND) return text.slice(11, 19);
  const digits = Math.min(6, Math.ceil(-Math.log10(step / SECOND) - 1e-9));
  return text.slice(11, 20) + (((time / SECOND) % 1 + 1) % 1).toFixed(6).slice(2, 2 + digits);
}

/** The points of a path that `shapes.line` wrote. */
function points(path) {
  if (path.points) return path.points;
  path.points = [];
  for (const piece of path.getAttribute("d").split("M").slice(1)) {
    const numbers = piece.match(/-?\d+/g).map(Number);
    let [x, y] = numbers;
    path.points.push([x, y]);
    for (let i = 2; i < numbers.length; i += 2) path.points.push([x += numbers[i], y += numbers[i + 1]]);
  }
  return path.points;
}

/** The values of a line nearest to `x`: one, or the lowest and the highest of a stretch. */
function valuesOf(path, svg, x) {
  const low = Number(svg.dataset.low), high = Number(svg.dataset.high), all = points(path);
  let nearest = Infinity;
  for (const point of all) if (Math.abs(point[0] - x) < Math.abs(nearest - x)) nearest = point[0];
  const found = all.filter(point => point[0] === nearest).map(point => low + (high - low) * (1 - point[1] / 1000));
  const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10((high - low) / 300))));
  const told = [...new Set([Math.min(...found), Math.max(...found)].map(value => value.toFixed(digits)))];
  return `${path.dataset.name} ${told.join(" to ")}`;
}

/** The value of the cell of a heat map under the pointer. */
function cellOf(svg, x, y) {
  const names = [...svg.parentElement.querySelectorAll(".scale span")].map(span => span.title || span.textContent);
  const cells = svg.dataset.cells, width = cells.length / names.length;
  const row = Math.min(names.length - 1, Math.max(0, Math.floor(y * names.length)));
  const column = Math.min(width - 1, Math.max(0, Math.floor(x * width)));
  const share = (cells.charCodeAt(row * width + column) - 63) / 63;
  const low = Number(svg.dataset.low), high = Number(svg.dataset.high);
  return `${names[row]}: ${svg.dataset.name} ${(low + (high - low) * share).toFixed(1)}`;
}

function add(parent, name, properties, first) {
  const element = Object.assign(document.createElement(name), properties);
  parent.insertBefore(element, first ? parent.firstChild : null);
  return element;
}

class Chart {
  constructor(figure) {
    this.figure = figure;
    this.whole = this.shown = [Number(figure.dataset.from), Number(figure.dataset.to)];
    this.plots = [...figure.querySelectorAll("svg")];
    this.width = this.plots[0].viewBox.baseVal.width;
    this.axis = figure.querySelector(".times");
    this.axis.classList.add("ticks");
    const tools = add(figure, "div", {className: "tools"}, true);
    for (const [text, title, act] of [["+", "zoom in", () => this.zoom(.5)], ["\u2212", "zoom out", () => this.zoom(2)],
                                      ["whole", "all of it", () => this.show(...this.whole)]]) {
      add(tools, "button", {type: "button", textContent: text, title: title, onclick: act});
    }
    this.told = add(tools, "output", {textContent: "drag to zoom"});
    this.cursor = add(figure, "i", {className: "cursor", hidden: true});
    figure.tabIndex = 0;
    figure.addEventListener("keydown", event => this.key(event));
    for (const svg of this.plots) this.listen(svg);
    new ResizeObserver(() => this.draw()).observe(this.axis);
  }

  listen(svg) {
    svg.addEventListener("pointerdown", event => { this.start = this.share(event); svg.setPointerCapture(event.pointerId); });
    svg.addEventListener("pointermove", event => this.point(svg, event));
    svg.addEventListener("pointerleave", () => { this.cursor.hidden = true; });
    svg.addEventListener("pointercancel", () => { this.start = undefined; });
    svg.addEventListener("dblclick", () => this.show(...this.whole));
    svg.addEventListener("pointerup", event => {
      const [from, to] = [this.start, this.share(event)].sort((a, b) => a - b);
      this.start = undefined;
      if ((to - from) * this.axis.clientWidth > 8) this.show(this.at(from), this.at(to));
    });
  }

  /** Where the pointer is along the axis, as a fraction of what is shown. */
  share(event) {
    const box = this.axis.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  }

  at(share) { return this.shown[0] + share * (this.shown[1] - this.shown[0]); }

  point(svg, event) {
    const share = this.share(event), place = share * this.axis.clientWidth, left = this.axis.offsetLeft;
    const from = this.start === undefined ? place : this.start * this.axis.clientWidth;
    this.cursor.hidden = false;
    this.cursor.style.top = `${this.plots[0].parentElement.offsetTop}px`;
    this.cursor.style.left = `${left + Math.min(from, place)}px`;
    this.cursor.style.width = `${Math.abs(place - from)}px`;
    const time = this.at(share), x = (time - this.whole[0]) / (this.whole[1] - this.whole[0]);
    const box = svg.getBoundingClientRect(), step = (this.shown[1] - this.shown[0]) / this.axis.clientWidth;
    const said = this.plots.flatMap(plot => [...plot.querySelectorAll("[data-name]")].map(
      path => valuesOf(path, plot, x * this.width)));
    if (svg.dataset.cells) said.unshift(cellOf(svg, x, (event.clientY - box.top) / box.height));
    const day = new Date(time).toISOString().slice(0, 10);
    this.told.textContent = `${day} ${clock(time, Math.min(step, MINUTE))}  ${said.join(", ")}`;
  }

  key(event) {
    const length = this.shown[1] - this.shown[0];
    const acts = {"+": () => this.zoom(.5), "-": () => this.zoom(2), "Escape": () => this.show(...this.whole),
                  "ArrowLeft": () => this.show(this.shown[0] - length / 4, this.shown[1] - length / 4),
                  "ArrowRight": () => this.show(this.shown[0] + length / 4, this.shown[1] + length / 4)};
    if (!acts[event.key]) return;
    acts[event.key]();
    event.preventDefault();
  }

  zoom(factor) {
    const middle = this.at(.5), half = factor * (this.shown[1] - this.shown[0]) / 2;
    this.show(middle - half, middle + half);
  }

  /** Show a part of the time, moved to where there is something. */
  show(from, to) {
    const length = Math.min(Math.max(to - from, (this.whole[1] - this.whole[0]) / 1000), this.whole[1] - this.whole[0]);
    const start = Math.min(Math.max(from, this.whole[0]), this.whole[1] - length);
    this.shown = [start, start + length];
    this.draw();
  }

  draw() {
    if (!this.axis.clientWidth) return; // folded away
    const [from, to] = this.shown, all = this.whole[1] - this.whole[0], place = time => (time - from) / (to - from);
    for (const svg of this.plots) {
      const box = svg.viewBox.baseVal;
      svg.setAttribute("viewBox", `${(from - this.whole[0]) / all * this.width} 0 ${(to - from) / all * this.width} ${box.height}`);
    }
    this.axis.replaceChildren();
    const pixels = this.axis.clientWidth, edge = 35 / pixels * (to - from); // half a label
    for (const [time, text] of ticks(from + edge, to - edge, pixels - 70)) {
      add(this.axis, "span", {textContent: text}).style.left = `${100 * place(time)}%`;
    }
    for (const mark of this.figure.querySelectorAll("[data-at]")) {
      mark.style.left = `${100 * place(this.whole[0] + mark.dataset.at * all)}%`;
    }
  }
}

for (const figure of document.querySelectorAll("figure[data-from]")) new Chart(figure);
const boxes = document.querySelectorAll(".scroll");
const look = new ResizeObserver(entries => {
  for (const {target} of entries) target.classList.toggle("scrolls", target.scrollWidth > target.clientWidth + 1);
});
for (const box of boxes) look.observe(box);
for (const cell of document.querySelectorAll("#episodes tbody td:first-child")) {
  const number = cell.textContent, id = `episode-${number}`;
  if (!document.getElementById(id)) continue;
  cell.textContent = "";
  add(cell, "a", {href: `#${id}`, textContent: number});
}
addEventListener("hashchange", () => {
  const part = location.hash && document.getElementById(location.hash.slice(1));
  if (part && part.tagName === "DETAILS") part.open = true;
});
