// What the page reads: Airflow's API, with the visitor's own login.

import { object, text } from "./values.js";

const SECONDS_FOR_A_RESPONSE = 20;
const PACKAGE = "airflow_workflow_providers.";

/** Airflow's API is beside this page's folder, whatever the path of Airflow's base URL is. */
const API = new URL("../api/v2/", location.href);
const task = readAddress(location.search);

/** The ids in the page's address. Airflow 3.1 does not encode them, so a plus sign stays one. */
function readAddress(search) {
  const found = {};
  for (const pair of search.slice(1).split("&")) {
    const [name, ...value] = pair.split("=");
    found[name] = decoded(value.join("="));
  }
  // Airflow leaves a placeholder here if the task is not mapped.
  const map = /^\d{1,9}$/u.test(found.map ?? "") ? Number(found.map) : -1;
  return { dag: found.dag ?? "", run: found.run ?? "", id: found.task ?? "", map };
}

function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** A path of the API; each id is encoded. An id of dots only would name a folder above, so it is no id. */
function path(...parts) {
  if (parts.some((part) => /^\.*$/u.test(part))) {
    throw new Problem("address");
  }
  return parts.map(encodeURIComponent).join("/");
}

/** A reason why nothing can be read. */
export class Problem extends Error {
  constructor(kind, status = 0) {
    super(kind);
    this.kind = kind;
    this.status = status;
  }
}

/** How far the server's clock is ahead of the visitor's, in seconds. */
let drift = 0;
export const now = () => Date.now() / 1000 + drift;

/** Read from the API; null if Airflow has no such thing. */
async function get(address) {
  let response;
  try {
    response = await fetch(new URL(address, API), {
      cache: "no-store",
      credentials: "same-origin",
      headers: { Accept: "application/json" },
      // A proxy with a login of its own redirects to it.
      redirect: "manual",
      signal: AbortSignal.timeout(SECONDS_FOR_A_RESPONSE * 1000),
    });
  } catch {
    throw new Problem("silent");
  }
  if (response.status === 404) {
    return null;
  }
  if (response.type === "opaqueredirect" || response.status === 401) {
    throw new Problem("login");
  }
  if (response.status === 403) {
    throw new Problem("rights");
  }
  const date = Date.parse(response.headers.get("date") ?? "");
  const ahead = (date - Date.now()) / 1000;
  // The server says whole seconds, and its response took a while.
  drift = Math.abs(ahead) > 2 ? ahead : 0;
  try {
    if (response.ok) {
      return await response.json();
    }
  } catch {
    throw new Problem("status", response.status);
  }
  throw new Problem("status", response.status);
}

/** The value of an XCom; undefined if there is none. Some versions of Airflow return it as JSON within JSON. */
async function xcom(key) {
  const entry = await get(`${taskPath()}/xcomEntries/${path(key)}?map_index=${task.map}`);
  if (entry === null) {
    return undefined;
  }
  try {
    return typeof entry.value === "string" ? JSON.parse(entry.value) : entry.value;
  } catch {
    return entry.value;
  }
}

const taskPath = () => `dags/${path(task.dag)}/dagRuns/${path(task.run)}/taskInstances/${path(task.id)}`;

/** What does not change any more: the result of a try, and whose operator it is. */
const kept = { try: "", result: undefined, ours: undefined };

/** Read everything that the page shows. */
export async function read() {
  const address = task.map < 0 ? taskPath() : `${taskPath()}/${task.map}`;
  const instance = await get(address);
  if (instance === null) {
    throw new Problem("missing");
  }
  const data = await xcom("remote_execution");
  const last = `${instance.try_number} ${instance.end_date}`;
  if (data === undefined) {
    kept.ours ??= text(object((await get(`dags/${path(task.dag)}/tasks/${path(task.id)}`))?.class_ref).module_path);
  } else if (instance.state === "success" && kept.try !== last) {
    kept.result = await xcom("return_value");
    kept.try = last;
  }
  const result = instance.state === "success" && kept.try === last ? kept.result : undefined;
  return { instance: object(instance), data, result, isOurs: (kept.ours ?? "").startsWith(PACKAGE) };
}
