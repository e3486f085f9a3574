// From values that may be anything to texts that a person can read. Every text of a vendor passes through here.

/** The states of an execution, each with the word that is shown. */
export const STATES = {
  queued: "queued",
  running: "running",
  paused: "waits for a person",
  stopping: "stopping",
  succeeded: "succeeded",
  partial: "finished with failed parts",
  failed: "failed",
  stopped: "stopped",
  unknown: "unknown",
};

/** The states of an execution that has not ended; an unknown one is waited on. */
export const GOING = new Set(["queued", "running", "paused", "stopping", "unknown"]);

/** What may become of an input of a batch besides these: the state that it looks like, and the words that are shown. */
const RESULTS = {
  ended: ["running", "ended, with a result to be read"],
  lost: ["unknown", "may have been started"],
  not_started: ["failed", "not started"],
  not_stored: ["failed", "without a stored result"],
  timed_out: ["stopped", "not ended in time"],
  status_unknown: ["unknown", "with an unknown status"],
};

// Control characters, marks that turn the direction of a text, and characters without a width: they could make a text look
// like another one. A line break becomes a space.
const LINE_BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;

const MOST_CHARACTERS = 500;

/** A value as an object; an empty one if it is none. */
export function object(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

/** A value as a list of objects; an empty one if it is none. */
export function objects(value) {
  return Array.isArray(value) ? value.map(object) : [];
}

/** A value as a finite number; null if it is none. */
export function number(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A number of things, which is whole and not negative; null if it is none. */
export function count(value) {
  const known = number(value);
  return known !== null && known >= 0 ? Math.round(known) : null;
}

/** A time in seconds since 1970; null if it is none. */
export function time(value) {
  const known = number(value);
  return known !== null && known > 0 && known < 1e11 ? known : null;
}

/** A value as one line of text; a longer one is cut. */
export function text(value, most = MOST_CHARACTERS) {
  if (value === null || value === undefined) {
    return "";
  }
  const whole = typeof value === "object" ? JSON.stringify(value) : String(value);
  const line = whole.slice(0, most + 1).replace(LINE_BREAKS, " ").replace(HIDDEN, "\ufffd").trim();
  return whole.length > most ? `${line.slice(0, most)}…` : line;
}

/** A text as it is, with its lines, but without what could make it look like another one. */
export function lines(value) {
  return value.replace(/\r\n?/gu, "\n").replace(HIDDEN, (found) => (found === "\n" || found === "\t" ? found : "\ufffd"));
}

/** A state that is in the table; "unknown" for any other. */
export function state(value) {
  return typeof value === "string" && Object.hasOwn(STATES, value) ? value : "unknown";
}

/** What became of an input of a batch: a state of the table, and the words for it. */
export function result(value) {
  const known = state(value);
  return typeof value === "string" && Object.hasOwn(RESULTS, value) ? RESULTS[value] : [known, STATES[known]];
}

/** An address as the browser reads it, if it is one of the web and holds no login; null otherwise. */
export function webAddress(value) {
  if (typeof value !== "string" || !URL.canParse(value)) {
    return null;
  }
  const url = new URL(value);
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return isWeb && url.username === "" && url.password === "" ? url.href : null;
}

/** A number with a mark between thousands. */
export function amount(value) {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** A number with the word for it, in singular or plural. */
export function counted(value, one, many = `${one}s`) {
  return `${amount(value)} ${value === 1 ? one : many}`;
}

/** A number of bytes. */
export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let left = value;
  while (left >= 1000 && unit < units.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${amount(left)} ${units[unit]}`;
}

/** A number of seconds in its two largest units. */
export function duration(seconds) {
  const known = Math.max(0, seconds);
  if (known < 10) {
    return `${Math.round(known * 10) / 10} s`;
  }
  const units = [
    ["d", 86400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];
  let left = Math.round(known);
  const parts = [];
  for (const [name, size] of units) {
    const whole = Math.floor(left / size);
    if (whole > 0 || parts.length > 0) {
      parts.push([whole, name]);
    }
    left -= whole * size;
  }
  return parts
    .slice(0, 2)
    .filter(([whole]) => whole > 0)
    .map(([whole, name]) => `${whole} ${name}`)
    .join(" ");
}

/** The time zone that the visitor has chosen in Airflow, or else that of the browser. */
export function timeZone() {
  try {
    const chosen = JSON.parse(localStorage.getItem("timezone"));
    new Intl.DateTimeFormat("sv-SE", { timeZone: chosen ?? undefined });
    return chosen ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  } catch {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
}

/** A time as Airflow shows it: the date, and the time of the day. */
export function clock(seconds) {
  // The Swedish form of a date is that of ISO 8601.
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timeZone(),
    dateStyle: "short",
    timeStyle: "medium",
  });
  return format.format(new Date(seconds * 1000));
}

/** The time of the day only. */
export function timeOfDay(seconds) {
  return clock(seconds).slice(-8);
}
