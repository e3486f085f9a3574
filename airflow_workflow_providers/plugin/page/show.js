// The sections of the page. Each shows a part of the data, and only what has changed is made again.

import { badge, drawCurve, drawShares, drawTimeLine, el } from "./draw.js";
import { describe, note, summary, whyNothing } from "./say.js";
import {
  amount, bytes, clock, count, counted, duration, GOING, lines, number, object, objects, result, state, STATES, text, time,
  timeOfDay, webAddress,
} from "./values.js";

/** What a picture and a table show at the most: rows, and characters of an output. */
const MOST_BARS = 60;
const MOST_ROWS = 500;
const MOST_OF_AN_OUTPUT = 20_000;
/** The order of the states in a batch. */
const ORDER = ["succeeded", "partial", "failed", "stopped", ...GOING];

export const $ = (selector) => document.querySelector(selector);

/** What each part of the page shows now; a part is only made again if that changes, so a selection of text stays. */
const signatures = new WeakMap();

function put(place, data, make) {
  const signature = JSON.stringify(data);
  if (signatures.get(place) === signature) {
    return;
  }
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  signatures.set(place, signature);
  make(place);
  if (focused !== undefined) {
    place.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }
}

/** Show a list of items in a place: an item that is the same as before stays in the document. */
function putEach(place, items, make) {
  while (place.children.length > items.length) {
    place.lastElementChild.remove();
  }
  items.forEach((item, index) => {
    const old = place.children[index];
    if (old && signatures.get(old) === JSON.stringify(item)) {
      return;
    }
    const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    const made = make(item);
    signatures.set(made, JSON.stringify(item));
    if (old) {
      old.replaceWith(made);
    } else {
      place.append(made);
    }
    if (focused !== undefined) {
      made.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
    }
  });
}

export function setText(place, words) {
  if (place.textContent !== words) {
    place.textContent = words;
  }
  place.hidden = words === "";
}

/** A button that copies a text. */
function copyButton(value, what) {
  const button = el("button", { type: "button", "data-focus": what, "aria-label": `Copy the ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    const isCopied = await copy(value);
    button.textContent = isCopied ? "Copied" : "Not copied";
    $("#said").textContent = isCopied ? `The ${what} is copied.` : "The browser does not allow that. Select the text and copy it.";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  return button;
}

async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    // A page without TLS has no clipboard; the old way needs a selected text.
    const area = el("textarea", { class: "unseen", readonly: "", tabindex: -1 });
    const focused = document.activeElement;
    area.value = value;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return isCopied;
  }
}

/** A time with its date; what a computer reads is in UTC. */
function when(seconds, format = clock) {
  return el("time", { datetime: new Date(seconds * 1000).toISOString() }, format(seconds));
}

/** A row of facts: a name, what is shown, and a text to copy. */
function fact({ name, value, at, also, copies, link, isWide }) {
  const shown = at ? when(at) : el("bdi", { class: copies ? "code" : null }, value);
  const content = el("dd", {}, shown, copies ? copyButton(copies, name.toLowerCase()) : null);
  if (link) {
    // A frame of Airflow opens no new tab, so a click copies there. The browser's own menu can open a tab.
    const anchor = el("a", { href: link, target: "_blank", rel: "noopener noreferrer", class: "code" }, value);
    anchor.addEventListener("click", (event) => {
      if (window.top !== window) {
        event.preventDefault();
        content.querySelector("button").click();
      }
    });
    shown.replaceChildren(anchor);
  }
  if (also) {
    content.append(el("small", {}, also));
  }
  return el("div", { class: isWide ? "wide" : null }, el("dt", {}, name), content);
}

function facts(seen, execution) {
  const found = [];
  const url = webAddress(execution.url);
  if (execution.id) {
    found.push({ name: "Execution id", value: execution.id, copies: execution.id });
  }
  if (execution.workflow) {
    found.push({ name: "Workflow", value: execution.workflow });
  }
  if (!execution.batch) {
    found.push({ name: `Status at ${execution.vendor || "the vendor"}`, value: execution.status || "none" });
  }
  if (execution.began !== null) {
    found.push({ name: "Began", at: execution.began });
    if (execution.ended !== null) {
      found.push({ name: "Ended", at: execution.ended });
    }
    if (execution.ended !== null || execution.isGoing) {
      found.push({
        name: execution.isGoing ? "Duration so far" : "Duration",
        value: duration(execution.until - execution.began),
      });
    }
  }
  const tries = number(seen.instance.max_tries) === null ? "" : ` of ${seen.instance.max_tries + 1}`;
  found.push({
    name: "Airflow task",
    value: (text(seen.instance.state, 40) || "not scheduled").replaceAll("_", " "),
    also: `try ${text(seen.instance.try_number, 10)}${tries}`,
  });
  found.push({ name: "Operator", value: text(seen.instance.operator_name ?? seen.instance.operator, 100) || "unknown" });
  const [connection, baseUrl] = execution.account;
  if (connection) {
    found.push({ name: "Connection", value: connection, also: baseUrl });
  }
  if (url) {
    found.push({ name: "Page at the vendor", value: url, copies: url, link: url, isWide: true });
  } else if (text(execution.url)) {
    found.push({ name: "Page at the vendor", value: text(execution.url), also: "This is not an address of the web.", isWide: true });
  }
  const uri = text(execution.output.uri, 1000);
  if (uri) {
    const size = count(execution.output.bytes);
    found.push({ name: "Output", value: uri, copies: uri, also: size === null ? "" : bytes(size), isWide: true });
  }
  return found;
}

/** A table in a region that scrolls on a narrow screen. */
function table(place, caption, heads, rows, cells) {
  put(place, [caption, heads], () => {
    const titles = heads.map((head) => el("th", { scope: "col" }, head));
    place.replaceChildren(
      el(
        "table",
        {},
        el("caption", { class: "unseen" }, caption),
        el("thead", {}, el("tr", {}, ...titles)),
        el("tbody"),
      ),
    );
    place.setAttribute("role", "region");
    place.setAttribute("aria-label", caption);
    place.tabIndex = 0;
  });
  putEach(place.querySelector("tbody"), rows, (row) => {
    const [head, ...others] = cells(row);
    return el("tr", {}, el("th", { scope: "row" }, head), ...others.map((cell) => el("td", {}, cell)));
  });
}

/** The rows of the time line: the steps, or without steps the changes of the state. */
function courseRows(execution) {
  const isOver = (each) => !GOING.has(each.state);
  if (execution.steps.length > 0) {
    return execution.steps.map((each) => ({
      ...each,
      to: each.from === null ? null : each.to ?? (isOver(each) ? each.from : Math.max(execution.until, each.from)),
      isGoing: each.to === null && !isOver(each),
    }));
  }
  const timed = execution.changes.filter((each) => each.at !== null);
  return timed.map((each, index) => {
    const next = timed[index + 1]?.at ?? (isOver(each) ? each.at : Math.max(execution.until, each.at));
    return {
      name: text(each.status, 100) || STATES[each.state],
      state: each.state,
      status: text(each.progress, 200),
      from: each.at,
      to: Math.max(next, each.at),
      isGoing: index === timed.length - 1 && !isOver(each),
    };
  });
}

function showCourse(execution) {
  const section = $("#course");
  const rows = execution.batch ? [] : courseRows(execution);
  section.hidden = rows.length === 0;
  if (section.hidden) {
    return;
  }
  const isSteps = execution.steps.length > 0;
  setText($("#course-title"), isSteps ? "Steps" : "Changes of the status");
  const times = rows.flatMap((row) => (row.from === null ? [] : [row.from, row.to]));
  const from = Math.min(...times, execution.began ?? Infinity);
  const to = Math.max(...times, from, execution.until ?? 0);
  const drawn = rows.slice(0, MOST_BARS);
  const figure = section.querySelector("figure");
  figure.hidden = !Number.isFinite(from);
  if (!figure.hidden) {
    const words = drawn.map((row) =>
      row.from === null
        ? `${row.name}: ${row.state === "queued" ? "not begun" : STATES[row.state]}`
        : `${row.name}: ${STATES[row.state]}, begins after ${duration(row.from - from)}, takes ${duration(row.to - row.from)}`,
    );
    const what = isSteps ? counted(rows.length, "step") : counted(rows.length, "change");
    const span = { from, to, going: execution.isGoing, label: `Time line of ${what} over ${duration(to - from)}. ${words.join(". ")}` };
    put(figure, [figure.clientWidth, drawn, span], () => drawTimeLine(figure, drawn, span));
  }
  const omitted = execution.stepsOmitted + Math.max(0, rows.length - MOST_ROWS);
  const list = rows.slice(0, MOST_ROWS).map((row) => ({ ...row, to: row.isGoing ? null : row.to }));
  table(
    section.querySelector(".scroll"),
    isSteps ? "Steps of the execution" : "Changes of the status of the execution",
    isSteps ? ["Step", "State", "Status", "Began", "Duration"] : ["Status", "State", "Progress", "At", "Duration"],
    list,
    (row) => [
      el("bdi", {}, row.name),
      badge(row.state),
      el("bdi", {}, row.status),
      row.from === null ? "" : when(row.from, timeOfDay),
      row.from === null || row.to === null ? "" : duration(row.to - row.from),
    ],
  );
  const more = omitted > 0 ? [`${counted(omitted, "more step is", "more steps are")} not shown.`] : [];
  putEach(moreOf(section), more, (words) => el("p", { class: "more" }, words));
}

/** The place below a table for what it leaves out. */
function moreOf(section) {
  return section.querySelector(".below") ?? section.appendChild(el("div", { class: "below" }));
}

function describeBatch(execution) {
  const { batch } = execution;
  const counts = Object.entries(object(batch.counts))
    .map(([name, value]) => [result(name)[0], count(value) ?? 0, result(name)[1]])
    .filter(([, value]) => value > 0)
    .sort(([one], [other]) => ORDER.indexOf(one) - ORDER.indexOf(other));
  const done = counts.reduce((sum, [, value]) => sum + value, 0);
  const active = execution.isGoing ? count(batch.active) ?? 0 : 0;
  const total = Math.max(count(batch.total) ?? 0, done + active);
  const points = objects(batch.progress)
    .map((each) => [time(each.at), count(each.done)])
    .filter(([at, value]) => at !== null && value !== null)
    .sort(([one], [other]) => one - other);
  const seconds = execution.began === null ? 0 : execution.until - execution.began;
  const average = seconds > 0 ? done / seconds : null;
  const rate = execution.isGoing ? number(batch.rate) : average;
  return { counts, done, active, total, waiting: total - done - active, points, rate };
}

function showBatch(execution) {
  const section = $("#batch");
  section.hidden = execution.batch === null;
  if (section.hidden) {
    return;
  }
  const { counts, done, active, total, waiting, points, rate } = describeBatch(execution);
  const tiles = [
    { value: `${amount(done)} of ${amount(total)}`, name: "have ended" },
    ...counts.map(([each, value, name]) => ({ value: amount(value), name, state: each })),
  ];
  if (execution.isGoing) {
    tiles.push({ value: amount(active), name: "are going", state: "running" });
  }
  if (waiting > 0) {
    tiles.push({ value: amount(waiting), name: execution.isGoing ? "wait for their turn" : "were not started", state: "queued" });
  }
  if (rate !== null && rate > 0) {
    const seconds = (total - done) / rate;
    const left = `about ${duration(seconds > 120 ? Math.round(seconds / 60) * 60 : seconds)} left`;
    tiles.push({
      value: `${rate < 0.1 ? rate.toPrecision(1) : amount(rate)} a second`,
      name: execution.isGoing ? left : "on average",
    });
  }
  putEach(section.querySelector(".tiles"), tiles, (tile) =>
    el("li", {}, el("strong", {}, tile.value), tile.state ? badge(tile.state, tile.name) : el("span", {}, tile.name)),
  );
  const parts = [...counts, ...(active > 0 ? [["running", active, "are going"]] : [])];
  const share = section.querySelector(".share");
  put(share, [share.clientWidth, parts, total], () => drawShares(share, parts, total));
  const begin = execution.began !== null && (points.length === 0 || execution.began < points[0][0]) ? [[execution.began, 0]] : [];
  const last = points.at(-1) ?? begin[0];
  const end = last && execution.until > last[0] && done >= last[1] ? [[execution.until, done]] : [];
  const curve = [...begin, ...points, ...end];
  const figure = section.querySelector(".curve");
  figure.hidden = curve.length < 2;
  if (!figure.hidden) {
    const label =
      `Inputs that have ended, over time: ${amount(curve.at(-1)[1])} of ${amount(total)} ` +
      `after ${duration(curve.at(-1)[0] - curve[0][0])}.`;
    put(figure, [figure.clientWidth, curve, total], () => {
      drawCurve(figure, curve, { total, label });
      figure.prepend(el("figcaption", {}, "Inputs that have ended, over time"));
    });
  }
}

function showFailures(execution) {
  const section = $("#failures");
  const rows = execution.batch ? objects(execution.batch.unsuccessful) : [];
  section.hidden = rows.length === 0;
  if (section.hidden) {
    return;
  }
  const list = rows.slice(0, MOST_ROWS).map((row) => ({
    index: text(row.index, 20),
    state: result(row.state),
    id: text(row.execution_id, 300),
    error: text(row.error),
  }));
  table(
    section.querySelector(".scroll"),
    "Inputs whose executions ended without success",
    ["Input", "State", "Execution", "Error"],
    list,
    (row) => [
      row.index,
      badge(...row.state),
      row.id ? el("bdi", { class: "code" }, row.id) : "not started",
      el("bdi", {}, row.error),
    ],
  );
  const omitted = (count(execution.batch.unsuccessful_omitted) ?? 0) + Math.max(0, rows.length - MOST_ROWS);
  const more = omitted > 0 ? [`${counted(omitted, "more input", "more inputs")} without success: the manifest lists every input.`] : [];
  putEach(moreOf(section), more, (words) => el("p", { class: "more" }, words));
}

function showResult(seen, execution) {
  const section = $("#result");
  section.hidden = seen.result === undefined;
  if (section.hidden) {
    return;
  }
  const { output, ...others } = execution.batch ? { output: seen.result } : object(seen.result);
  const isRecord = "execution_id" in others;
  const rest = isRecord ? Object.entries(others) : [];
  putEach(
    section.querySelector("dl"),
    rest.filter(([, value]) => value !== null && value !== "").map(([name, value]) => ({ name: text(name, 60), value: text(value) })),
    fact,
  );
  const shown = isRecord || execution.batch ? output : seen.result;
  put($("#output"), shown ?? null, (place) => {
    const whole = typeof shown === "string" ? shown : JSON.stringify(shown, null, 2);
    if (shown === null || shown === undefined) {
      place.replaceChildren(el("p", { class: "more" }, "The output is not in XCom."));
      return;
    }
    const part = lines(whole.slice(0, MOST_OF_AN_OUTPUT));
    place.replaceChildren(
      el("h3", { id: "output-title" }, execution.batch ? "Returned by the task" : "Output"),
      el("pre", { tabindex: 0, role: "region", "aria-labelledby": "output-title" }, part),
      ...(whole.length > MOST_OF_AN_OUTPUT
        ? [el("p", { class: "more" }, `These are the first ${amount(MOST_OF_AN_OUTPUT)} of ${amount(whole.length)} characters.`)]
        : []),
    );
  });
}

const SECTIONS = ["#facts", "#course", "#batch", "#failures", "#result"];

export function hideSections() {
  for (const section of SECTIONS) {
    $(section).hidden = true;
  }
  $("#state").hidden = true;
  setText($("#vendor"), "");
  setText($("#note"), "");
}

export function show(seen) {
  if (Object.keys(object(seen.data)).length === 0) {
    hideSections();
    setText($("#summary"), whyNothing(seen));
    return;
  }
  const execution = describe(seen);
  setText($("#vendor"), execution.vendor);
  const overall = execution.batch
    ? [execution.isGoing ? "running" : { success: "succeeded", failed: "failed" }[seen.instance.state] ?? "unknown"]
    : [execution.state];
  $("#state").hidden = false;
  put($("#state"), overall, (place) => place.replaceChildren(badge(...overall)));
  setText($("#summary"), summary(seen, execution));
  setText($("#note"), note(seen, execution));
  // A section is shown before it is filled, because a hidden one has no width to draw in.
  $("#facts").hidden = false;
  putEach($("#facts dl"), facts(seen, execution), fact);
  showCourse(execution);
  showBatch(execution);
  showFailures(execution);
  showResult(seen, execution);
}
