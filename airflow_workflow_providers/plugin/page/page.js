// The page of one task instance: it reads what the task has stored about its execution, shows it, and reads again while the task
// goes on. It stores nothing and asks nobody but Airflow's API.

import { now, Problem, read } from "./read.js";
import { FINAL } from "./say.js";
import { $, hideSections, setText, show } from "./show.js";
import { timeOfDay, timeZone } from "./values.js";

const SECONDS_BETWEEN_READS = 5;

/** Why nothing can be read, in a sentence. */
const PROBLEMS = {
  address: () => "The address of this page names no task. Open the tab of a task instance in Airflow.",
  missing: () =>
    "Airflow has no such task instance. If the task is mapped, open one of its mapped instances: each has an execution of its own.",
  login: () => "You are not logged in to Airflow, or your login has ended. Log in, then read again.",
  rights: () => "You may not see this task. Its data is shown to those who may read the task instances and XComs of its DAG.",
  silent: () => "Airflow does not respond.",
  status: (problem) => `Airflow responded with an error (HTTP ${problem.status}).`,
  data: () => "The task has stored data that this page cannot show.",
};

let last = null;
let lastRead = 0;
let timer;
let isReading = false;

async function update() {
  if (isReading || document.hidden) {
    return;
  }
  isReading = true;
  clearTimeout(timer);
  let isOver = false;
  try {
    last = await read();
    lastRead = now();
    show(last);
    isOver = FINAL.has(last.instance.state);
  } catch (problem) {
    isOver = showProblem(problem);
  } finally {
    isReading = false;
  }
  const zone = `Times are in ${timeZone()}.`;
  const again = isOver ? "" : ` The page reads again every ${SECONDS_BETWEEN_READS} s.`;
  setText($("#foot"), last ? `Read at ${timeOfDay(lastRead)}.${again} ${zone}` : "");
  $("#again").hidden = !isOver;
  if (!isOver) {
    timer = setTimeout(update, SECONDS_BETWEEN_READS * 1000);
  }
}

/** Say what is wrong. Return whether there is no use in reading again. */
function showProblem(problem) {
  const known = problem instanceof Problem ? problem : new Problem("data");
  if (!(problem instanceof Problem)) {
    console.error(problem);
  }
  const words = PROBLEMS[known.kind](known);
  const isPassing = known.kind === "silent" || known.kind === "status";
  if (isPassing && last !== null) {
    setText($("#note"), `${words} This is what the page has read before.`);
  } else {
    // What a visitor may not see any more is not kept.
    last = null;
    hideSections();
    setText($("#summary"), words);
  }
  return !isPassing;
}

/** Follow the theme of Airflow's page around the frame, or else the visitor's choice in Airflow, or else the system's. */
function followTheme() {
  const root = document.documentElement;
  const apply = () => {
    let theme = null;
    try {
      const around = window.parent !== window ? window.parent.document.documentElement.classList : [];
      theme = ["dark", "light"].find((each) => [...around].includes(each)) ?? localStorage.getItem("theme");
    } catch {
      // Another origin, or a browser that blocks the storage.
    }
    if (theme === "dark" || theme === "light") {
      root.dataset.theme = theme;
    } else {
      delete root.dataset.theme;
    }
  };
  apply();
  try {
    const observed = window.parent.document.documentElement;
    if (window.parent !== window) {
      new MutationObserver(apply).observe(observed, { attributeFilter: ["class"] });
    }
  } catch {
    // Another origin: the theme of the system stays.
  }
  window.addEventListener("storage", apply);
}

followTheme();
$("#again").addEventListener("click", update);
document.addEventListener("visibilitychange", update);
let width = 0;
new ResizeObserver(() => {
  // What is shown has changed the height.
  if (last !== null && width !== window.innerWidth) {
    width = window.innerWidth;
    show(last);
  }
}).observe($("main"));
update();
