// Elements, and the pictures: a time line, shares of a whole, and a curve. Texts become text nodes and nothing else.

import { amount, duration, STATES } from "./values.js";

const SVG = "http://www.w3.org/2000/svg";

function build(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) {
      made.setAttribute(name, String(value));
    }
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** An element of HTML; a child that is a string becomes a text node. */
export function el(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

// A shape for each state, so that nobody needs to see its colour.
const SHAPES = {
  queued: [["circle", { cx: 8, cy: 8, r: 5 }, "line"]],
  running: [["path", { d: "M5 3.5 12.5 8 5 12.5Z" }, "full"]],
  paused: [["path", { d: "M4.5 3h2.5v10H4.5ZM9 3h2.5v10H9Z" }, "full"]],
  stopping: [["rect", { x: 4, y: 4, width: 8, height: 8 }, "line"]],
  succeeded: [["path", { d: "M3 8.5 6.5 12 13 4.5" }, "line"]],
  partial: [["path", { d: "M8 3v6M8 11.5v1.5" }, "line"]],
  failed: [["path", { d: "M4 4 12 12M12 4 4 12" }, "line"]],
  stopped: [["rect", { x: 4, y: 4, width: 8, height: 8, rx: 1 }, "full"]],
  unknown: [["path", { d: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.2v1" }, "line"]],
};

/** The shape of a state; the word beside it says the same. */
export function icon(state) {
  const parts = SHAPES[state].map(([tag, attributes, kind]) => svg(tag, { ...attributes, class: kind }));
  return svg("svg", { class: `icon is-${state}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, ...parts);
}

/** A state in words and colour. */
export function badge(state, word = STATES[state]) {
  return el("span", { class: `badge is-${state}` }, icon(state), el("span", {}, word));
}

// The distances between the marks of a time line.
const DISTANCES = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800,
];

/** The times at which a time line has marks, in seconds since its beginning. */
function marks(seconds, most) {
  const distance = DISTANCES.find((each) => seconds / each <= most) ?? Math.ceil(seconds / most / 604800) * 604800;
  return Array.from({ length: Math.floor(seconds / distance + 1e-9) + 1 }, (_, index) => index * distance);
}

/** Cut a text of a picture until it has the width. It must be in the document, so that it has a width. */
function fit(label, width) {
  const whole = label.textContent;
  let low = 0;
  let high = whole.length;
  if (label.getComputedTextLength() <= width) {
    return;
  }
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    label.textContent = `${whole.slice(0, middle)}…`;
    if (label.getComputedTextLength() <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  label.textContent = `${whole.slice(0, low)}…`;
}

/**
 * Draw rows on a time line.
 *
 * @param {Element} figure where to draw; the picture has its width.
 * @param {{name: string, state: string, from: number|null, to: number|null}[]} rows times in seconds since 1970; a row without
 *     a beginning has not begun.
 * @param {{from: number, to: number, going: boolean, label: string}} span what the time line covers, and the picture in words.
 */
export function drawTimeLine(figure, rows, span) {
  const width = Math.max(240, Math.floor(figure.clientWidth));
  const narrow = width < 560;
  const names = narrow ? 0 : Math.min(220, Math.floor(width * 0.28));
  const right = narrow ? 12 : 84;
  const room = width - names - right;
  const [top, step, bar] = narrow ? [26, 42, 12] : [26, 30, 16];
  const height = top + rows.length * step + 4;
  const seconds = Math.max(span.to - span.from, 0.1);
  const x = (at) => names + (room * Math.min(Math.max(at - span.from, 0), seconds)) / seconds;
  const picture = svg("svg", {
    class: span.going ? "picture going" : "picture",
    role: "img",
    "aria-label": span.label,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
  });
  for (const at of marks(seconds, narrow ? 4 : 8)) {
    const place = x(span.from + at);
    const anchor = at === 0 ? "start" : place > width - 28 ? "end" : "middle";
    picture.append(
      svg("line", { class: "grid", x1: place, x2: place, y1: top - 6, y2: height }),
      svg("text", { class: "mark", x: place, y: 12, "text-anchor": anchor }, duration(at)),
    );
  }
  if (span.going && !narrow) {
    picture.append(svg("line", { class: "now", x1: x(span.to), x2: x(span.to), y1: top - 6, y2: height }));
  }
  figure.replaceChildren(picture);
  rows.forEach((row, index) => {
    const y = top + index * step + (narrow ? 20 : (step - bar) / 2);
    const middle = y + bar / 2;
    const name = svg("text", { class: "name", x: 0, y: narrow ? y - 6 : middle + 4 }, row.name);
    picture.append(name);
    fit(name, narrow ? width - 90 : names - 14);
    if (row.from === null) {
      picture.append(
        svg("line", { class: "waiting", x1: names, x2: width - right, y1: middle, y2: middle }),
        svg(
          "text",
          narrow
            ? { class: "took", x: width, y: y - 6, "text-anchor": "end" }
            : { class: "took", x: width - right + 8, y: middle + 4 },
          row.state === "queued" ? "not begun" : STATES[row.state],
        ),
      );
      return;
    }
    const begin = x(row.from);
    const end = Math.max(x(row.to), begin + 3);
    picture.append(
      svg("rect", { class: `bar is-${row.state}`, x: begin, y, width: end - begin, height: bar, rx: 3 }),
      svg(
        "text",
        narrow ? { class: "took", x: width, y: y - 6, "text-anchor": "end" } : { class: "took", x: end + 8, y: middle + 4 },
        duration(row.to - row.from),
      ),
    );
  });
}

/**
 * Draw how many inputs are in each state, as parts of one bar.
 *
 * @param {Element} figure where to draw; the picture has its width.
 * @param {[string, number, string][]} parts a state, a number, and the words for it each.
 * @param {number} total how many there are.
 */
export function drawShares(figure, parts, total) {
  const width = Math.max(240, Math.floor(figure.clientWidth));
  const height = 14;
  const picture = svg("svg", {
    class: "picture",
    role: "img",
    "aria-label": `Of ${amount(total)}: ${parts.map(([, value, words]) => `${amount(value)} ${words}`).join(", ")}`,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
  });
  picture.append(svg("rect", { class: "track", x: 0, y: 0, width, height, rx: 4 }));
  let begin = 0;
  for (const [state, value] of parts) {
    // A part that is there is seen, however small it is.
    const long = Math.min(Math.max((width * value) / Math.max(total, 1), value > 0 ? 3 : 0), width - begin);
    picture.append(svg("rect", { class: `bar is-${state}`, x: begin, y: 0, width: long, height, rx: 2 }));
    begin += long;
  }
  figure.replaceChildren(picture);
}

/**
 * Draw how many inputs were done at which time.
 *
 * @param {Element} figure where to draw; the picture has its width.
 * @param {[number, number][]} points a time, in seconds since 1970, and a number each, in the order of time.
 * @param {{total: number, label: string}} what the top of the picture, and the picture in words.
 */
export function drawCurve(figure, points, what) {
  const width = Math.max(240, Math.floor(figure.clientWidth));
  const [left, right, top, high] = [56, 12, 12, 150];
  const [from, to] = [points[0][0], points[points.length - 1][0]];
  const seconds = Math.max(to - from, 0.1);
  const most = Math.max(what.total, ...points.map(([, done]) => done), 1);
  const x = (at) => left + ((width - left - right) * (at - from)) / seconds;
  const y = (done) => top + high - (high * done) / most;
  const picture = svg("svg", {
    class: "picture",
    role: "img",
    "aria-label": what.label,
    viewBox: `0 0 ${width} ${top + high + 26}`,
    width,
    height: top + high + 26,
  });
  for (const done of [0, most / 2, most]) {
    picture.append(
      svg("line", { class: "grid", x1: left, x2: width - right, y1: y(done), y2: y(done) }),
      svg("text", { class: "mark", x: left - 8, y: y(done) + 4, "text-anchor": "end" }, amount(done)),
    );
  }
  for (const at of marks(seconds, width < 560 ? 4 : 8)) {
    const place = x(from + at);
    const anchor = at === 0 ? "start" : place > width - right - 24 ? "end" : "middle";
    picture.append(
      svg("text", { class: "mark", x: place, y: top + high + 20, "text-anchor": anchor }, duration(at)),
    );
  }
  const line = points.map(([at, done]) => `${x(at).toFixed(1)} ${y(done).toFixed(1)}`).join("L");
  const [lastX, lastY] = [x(to), y(points[points.length - 1][1])];
  picture.append(
    svg("path", { class: "area", d: `M${line}L${lastX.toFixed(1)} ${y(0)}L${x(from).toFixed(1)} ${y(0)}Z` }),
    svg("path", { class: "curve-line", d: `M${line}` }),
    svg("circle", { class: "curve-end", cx: lastX, cy: lastY, r: 4 }),
  );
  figure.replaceChildren(picture);
}
