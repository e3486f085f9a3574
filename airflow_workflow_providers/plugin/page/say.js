// What the stored data means: every value of it checked, and sentences about it.

import { now } from "./read.js";
import { count, counted, GOING, object, objects, state, text, time } from "./values.js";

/** The version of the stored data that this page reads. */
const VERSION = 1;
/** The states in which Airflow does nothing more with a task. */
export const FINAL = new Set(["success", "failed", "skipped", "upstream_failed", "removed"]);

/** Why there is no data, in a sentence. */
export function whyNothing(seen) {
  const airflow = text(seen.instance.state, 40);
  if (seen.data !== undefined) {
    return "What the task has stored is not in Airflow's database: a custom XCom backend keeps it elsewhere, where this page cannot read it.";
  }
  if (!seen.isOurs) {
    const operator = text(seen.instance.operator_name ?? seen.instance.operator, 100);
    return (
      `This task has no remote execution${operator ? `: its operator is ${operator}` : ""}. ` +
      "The page shows the executions of the operators and sensors of airflow-workflow-providers."
    );
  }
  if (["", "scheduled", "queued", "none"].includes(airflow)) {
    return "The task has not begun, so it has no execution yet.";
  }
  if (["skipped", "upstream_failed", "removed"].includes(airflow)) {
    return `The task did not run (${airflow.replace("_", " ")}), so it has no execution.`;
  }
  if (FINAL.has(airflow)) {
    return "The task has ended without data of an execution: it started none, or a version of the package without this page ran it.";
  }
  return "The task has begun, and has no data of an execution yet.";
}

/** The state of an execution in a sentence. It changes only when something happens, because screen readers read it aloud. */
export function summary(seen, execution) {
  if (execution.isLost) {
    return `It is not known how the ${execution.batch ? "batch" : "execution"} has ended.`;
  }
  if (execution.batch) {
    return execution.isGoing ? "The task runs a batch of executions." : "The batch has ended.";
  }
  const sentences = {
    queued: "The execution waits for its turn.",
    running: "The execution is running.",
    paused: "The execution waits for a person.",
    stopping: "The execution is being stopped.",
    succeeded: "The execution has succeeded.",
    partial: "The execution has finished with failed parts.",
    failed: "The execution has failed.",
    stopped: "The execution was stopped.",
    unknown: "The package does not know this status of the vendor.",
  };
  const progress = execution.isGoing && execution.progress ? ` ${execution.progress.replace(/[.!?]?$/u, ".")}` : "";
  return sentences[execution.state] + progress;
}

/** What a reader should know besides; empty if there is nothing. */
export function note(seen, execution) {
  if (execution.version !== VERSION) {
    return `The data has version ${text(execution.version, 20)}, and this page reads version ${VERSION}: some of it may be missing here. Reload the page.`;
  }
  if (execution.isLost) {
    return "The task ended before it saw the end of the execution. This is the last that it knew.";
  }
  if (seen.instance.state === "up_for_retry") {
    return "This try of the task has failed. Airflow tries again; then the page shows the next try.";
  }
  return "";
}

/** The stored data, with every value checked. */
export function describe(seen) {
  const data = object(seen.data);
  const batch = data.batch ? object(data.batch) : null;
  const isFinal = FINAL.has(seen.instance.state);
  const changes = objects(data.changes).map((each) => ({ ...each, at: time(each.at), state: state(each.state) }));
  const steps = objects(data.steps).map((each) => ({
    name: text(each.name, 200) || "(without a name)",
    state: state(each.state),
    status: text(each.status, 100),
    from: time(each.began_at),
    to: time(each.ended_at),
  }));
  const began = time(data.began_at) ?? changes.find((each) => each.at !== null)?.at ?? null;
  const taskEnd = Date.parse(seen.instance.end_date ?? "") / 1000;
  const ended = time(data.ended_at);
  const known = state(data.state);
  const isGoing = ended === null && !isFinal && (batch !== null || GOING.has(known));
  const done = steps.filter((each) => each.state === "succeeded").length;
  return {
    version: data.version,
    batch,
    began,
    ended,
    isGoing,
    isLost: isFinal && ended === null && (batch !== null ? seen.instance.state !== "success" : GOING.has(known)),
    /** Where the time line ends: the end of the execution, or that of the task, or now. */
    until: ended ?? (isFinal && Number.isFinite(taskEnd) ? taskEnd : isFinal ? changes.at(-1)?.at ?? began : now()),
    state: known,
    status: text(data.status, 100),
    progress: text(changes.at(-1)?.progress, 200) || (steps.length ? `${done} of ${counted(steps.length, "step")} done.` : ""),
    vendor: text(data.vendor, 100),
    workflow: text(data.workflow_id, 300),
    id: text(data.execution_id, 300),
    url: data.url,
    account: [text(data.conn_id, 300), text(data.base_url, 500)],
    output: object(data.output),
    changes,
    steps,
    stepsOmitted: count(data.steps_omitted) ?? 0,
  };
}
