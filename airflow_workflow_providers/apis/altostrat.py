"""
Altostrat SDX, the Workflows API, version 1.0.0.

Pages: "Execute a workflow", "Retrieve a workflow run" and "List workflow runs" of the API reference at
https://altostrat.io/docs/. Where they leave something open, a comment names the page.
"""

from functools import partial
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.apis.altostrat_workflows import Page, list_workflows, without_webhooks
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import (
    CLOCK_DRIFT,
    TERMINAL_STATES,
    Execution,
    RunLog,
    RunStep,
    RunSteps,
    State,
    state_of,
)
from airflow_workflow_providers.core.parameters import (
    header,
    id_or_name,
    json_object,
    segment,
    time_of,
    whole_number,
)
from airflow_workflow_providers.core.request import (
    Flow,
    Request,
    Response,
    RunPage,
    StatusPage,
    Word,
    execution_request,
    list_request,
    newest_request,
    paged,
    runs_request,
)
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.core.vendor import VendorApi

STATUSES = {
    "pending": State.QUEUED,
    "running": State.RUNNING,
    "awaiting_ui_interaction": State.PAUSED,
    "completed": State.SUCCEEDED,
    "failed": State.FAILED,
}

#: The statuses of an entry of the log.
ENTRY_STATUSES = {"success": State.SUCCEEDED, "warning": State.PARTIAL, "error": State.FAILED}

#: How many pages of runs are searched for one that may have started.
SEARCHED_PAGES = 20

#: How much of the output of an entry a line of a task's log shows, and how much of any other member, in characters.
OUTPUT_LIMIT, MEMBER_LIMIT = 200, 100

#: The path of an execution.
EXECUTION = "/workflows/runs/{}"


class _Status(BaseModel):
    # The specification requires no member. The status decides; all else may be anything.
    # https://altostrat.io/docs/api/en/workflow-runs/retrieve-a-workflow-run
    status: Word


class _Logged(_Status):
    logs: Any = None


class _Run(_Logged):
    error_message: Any = None


class Started(BaseModel):
    """A run in the response to its start. Only the id decides: without it a run may exist, and nobody knows which."""

    id: Any = None
    status: Any = None


class _Searched(BaseModel):
    # One odd entry must not hide the others.
    data: list[Any]
    links: Any = None
    meta: Any = None

    @property
    def is_last(self) -> bool:
        """Whether the vendor says that no page follows: Laravel has two places for that."""
        links = self.links if isinstance(self.links, dict) else {}
        meta = self.meta if isinstance(self.meta, dict) else {}
        number, last = meta.get("current_page"), meta.get("last_page")
        counted = type(number) is int and type(last) is int and number >= last
        return counted or links.get("next", "") is None


def auth_headers(secret: str) -> dict[str, str]:
    """Return the header that authenticates a request: a key (``alto_sk_...``) and a token use the same one."""
    return {"Authorization": "Bearer " + header("password", secret)}


def ping(**_: Any) -> Request[Any]:
    """List the workflows, which any valid key can read."""
    listed = list_workflows()
    return listed.read_as("test the connection", listed.parse)


def execute_workflow(
    workflow_id: str, *, context: dict[str, Any] | None = None, nonce: dict[str, str] | None = None
) -> Request[Execution]:
    """
    Start a workflow.

    :param workflow_id: its id, ``fl_...``.
    :param context: initial data for its trigger node, a JSON object.
    :param nonce: a key and a text that no other start has, added to the context; it is not part of the input.
    :return: the run, which is not over.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that a run may exist.
    """
    workflow = id_or_name("workflow_id", workflow_id)
    path = f"/workflows/{segment('workflow_id', workflow)}/execute"
    given, label = json_object("context", context), json_object("nonce", nonce)
    if not given.keys().isdisjoint(label):
        raise InvalidInput(f"nonce_key must be a new key in context; {', '.join(label)!r} is there already.")
    return Request(
        f"start workflow {shown(workflow)}",
        "POST",
        path,
        body={} if context is None and not label else {"context": {**given, **label}},
        parse=lambda response: read_start(response, response.parse(Started)),
        starts_run=True,
        fingerprint_input={"workflow_id": workflow_id, "context": context},
    )


def read_start(response: Response, run: Started) -> Execution:
    """
    Read a run that has just been started, and is not over.

    :param response: the response to the start, for an error.
    :param run: the run in it.
    """
    status = run.status if run.status and isinstance(run.status, str) else "pending"
    state = state_of(status, STATUSES)
    # The page's own example shows "completed" after a start: whatever the status, the run is read again.
    # https://altostrat.io/docs/api/en/workflow-runs/execute-a-workflow
    going = state if state not in TERMINAL_STATES and state is not State.UNKNOWN else State.QUEUED
    return Execution(response.execution_id(run.id), going, status)


def get_status(execution_id: str) -> Request[Execution]:
    """Read the status of a run and nothing else."""
    return execution_request(execution_id, EXECUTION, _read_status)


def _read_status(execution_id: str, response: Response) -> Execution:
    status = response.parse(_Status).status
    return Execution(execution_id, state_of(status, STATUSES), status)


def get_status_with_details(execution_id: str) -> Request[Execution]:
    """Read the status of a run and the entries of its log so far: the response to a status check has both."""
    return execution_request(execution_id, EXECUTION, _read_status_with_details)


def _read_status_with_details(execution_id: str, response: Response) -> Execution:
    run = response.parse(_Logged)
    entries = _entries(run.logs)
    return Execution(
        execution_id,
        state_of(run.status, STATUSES),
        run.status,
        log=RunLog(entries, partial(_line, execution_id, response.secrets)),
        steps=RunSteps(entries, partial(_step, response.secrets)),
    )


def _step(secrets: tuple[str, ...], entry: dict[str, Any]) -> RunStep:
    """Return an entry of the log as a step: it is written when the step has ended."""
    status = entry.get("status")
    return RunStep(
        shown(entry.get("node_id") or entry.get("component_id") or "node", secrets, limit=MEMBER_LIMIT),
        state_of(status, ENTRY_STATUSES) if isinstance(status, str) else State.UNKNOWN,
        shown(status or "", secrets, limit=MEMBER_LIMIT),
        ended_at=time_of(entry.get("created_at")),
    )


def _line(execution_id: str, secrets: tuple[str, ...], entry: dict[str, Any]) -> str:
    """Return an entry as a line for the log of a task; each of its members may be anything, or missing."""
    node, component, moment, status = (
        shown(entry[name], secrets, limit=MEMBER_LIMIT) if entry.get(name) else ""
        for name in ("node_id", "component_id", "created_at", "status")
    )
    where = f"node {node}" if node else "a node"
    if component:
        where += f" ({component})"
    when = f" at {moment}" if moment else ""
    output = entry.get("output")
    what = "" if output in (None, "", {}, []) else f", output {shown(output, secrets, limit=OUTPUT_LIMIT)}"
    return f"Execution {execution_id}, {where}{when}: {status or 'no status'}{what}"


def get_execution(execution_id: str) -> Request[Execution]:
    """Read a run with its output: that of the last entry of its log, because a run has no other."""
    return execution_request(execution_id, EXECUTION, _read)


def _read(execution_id: str, response: Response) -> Execution:
    run = response.parse(_Run)
    state = state_of(run.status, STATUSES)
    logs = _entries(run.logs)
    # Before the end, the last entry is that of an earlier step.
    output = logs[-1].get("output") if logs and state in TERMINAL_STATES else None
    # Some of the page's examples are completed and carry an error_message: the status decides.
    # https://altostrat.io/docs/api/en/workflow-runs/retrieve-a-workflow-run
    message = _why(response, run.error_message, logs) if state is State.FAILED else None
    steps = RunSteps(logs, partial(_step, response.secrets))
    return Execution(execution_id, state, run.status, output, message, details=logs, steps=steps)


def _entries(logs: Any) -> list[dict[str, Any]]:
    """Return the entries of a log. The page documents a list; an object is one entry, or has entries by name."""
    if isinstance(logs, dict):
        logs = [logs] if logs.keys() & {"output", "node_id"} else list(logs.values())
    return [entry for entry in logs if isinstance(entry, dict)] if isinstance(logs, list) else []


def _why(response: Response, error_message: Any, logs: list[dict[str, Any]]) -> str | None:
    if error_message:
        return response.quote(error_message)
    return response.reasons(
        f"an error in node {shown(entry.get('node_id'), response.secrets)!r}"
        for entry in logs
        if entry.get("status") == "error"
    )


def get_run(execution_id: str) -> Request[dict[str, Any]]:
    """
    Read a run as Altostrat describes it.

    :param execution_id: its id, ``fl_run_...``.
    :return: ``id``, ``status``, ``error_message``, ``started_at``, ``completed_at``, ``duration_in_seconds`` and
        ``logs``: one entry for each step, in order, with ``node_id``, ``status`` and ``output``. The secret part of the
        address of a webhook is not returned.
    """
    return execution_request(execution_id, EXECUTION, _read_run)


def _read_run(_: str, response: Response) -> dict[str, Any]:
    response.parse(_Status)
    # On older pages a run has its workflow, with the address of its webhook:
    # https://docs.altostrat.io/api-reference/spa/workflows/execution-&-testing/execute-a-workflow
    run = without_webhooks(response.json_object())
    return {"id": None, "error_message": None, "logs": None, **run}


def list_runs(workflow_id: str, *, page: int = 1) -> Request[dict[str, Any]]:
    """
    Read one page of a workflow's runs, newest first and without their logs.

    :param workflow_id: the workflow, ``fl_...``.
    :param page: from 1.
    :return: Altostrat's page: ``data``, ``links`` and ``meta``. The secret part of the address of a webhook is not returned.
    """
    workflow = id_or_name("workflow_id", workflow_id)

    def read(response: Response) -> dict[str, Any]:
        response.parse(Page)
        return without_webhooks(response.json_object())

    return Request(
        f"list the runs of workflow {shown(workflow)}",
        "GET",
        f"/workflows/{segment('workflow_id', workflow)}/executions",
        query={"page": str(whole_number("page", page, least=1))},
        parse=read,
    )


def list_statuses(workflow_id: str, since: float, page: int) -> Request[StatusPage] | None:
    """
    Read the statuses of a workflow's runs, one page.

    :param workflow_id: the workflow; an empty text: it is not known, and there is no list without one.
    :param since: only runs begun since then are needed, in seconds since the epoch; 0: all.
    :param page: from 1.
    """
    if not workflow_id:
        return None

    return list_request(list_runs(workflow_id, page=page), partial(_runs_since, since), "id")


def list_begun(workflow_id: str, since: float, page: int) -> Request[RunPage]:
    """
    Read the runs of a workflow begun since then, one page, newest first.

    :param workflow_id: the workflow, ``fl_...``.
    :param since: in seconds since the epoch.
    :param page: from 1.
    """
    return runs_request(
        list_runs(workflow_id, page=page),
        partial(_runs_since, since),
        id_field="id",
        began_field="started_at",
        ended_field="completed_at",
        state=lambda status: state_of(status, STATUSES),
    )


def _runs_since(since: float, response: Response) -> tuple[list[Any], bool]:
    """Return the runs on a page, and whether there may be another one with runs begun since then."""
    found = response.parse(_Searched)
    return found.data, not found.is_last and _more_since(found.data, since)


def find_newest(workflow_id: str, since: float) -> Request[str | None]:
    """
    Read the id of the newest run of a workflow begun since then, which is on the first page.

    :param workflow_id: the workflow, ``fl_...``.
    :param since: in seconds since the epoch.
    """
    listed = list_runs(workflow_id)
    return newest_request(listed, lambda response: response.parse(_Searched).data, "id", "started_at", since)


def find_started(start: Request[Execution], nonce: str, since: float) -> Flow[list[str]]:
    """
    Find the runs of the workflow begun at that time whose trigger payload carries the nonce.

    :param start: the start, as it was sent; its workflow is searched.
    :param nonce: what its context carries under ``nonce_key``; an equal context alone proves nothing.
    :param since: when it was sent, in seconds since the epoch.
    """
    workflow_id = start.fingerprint_input["workflow_id"]
    begun = yield from paged(lambda page: _begun(workflow_id, since, page), SEARCHED_PAGES)
    found = []
    for run_id in dict.fromkeys(begun):
        if _carries((yield get_run(run_id)), nonce):
            found.append(run_id)  # noqa: PERF401  # a generator cannot yield in a comprehension
    return found


def _begun(workflow_id: str, moment: float, page: int) -> Request[tuple[list[str], bool]]:
    """Read one page of the runs that were begun at that time, and whether the next page may have more."""

    def read(response: Response) -> tuple[list[str], bool]:
        runs = response.parse(_Searched).data
        begun = [(run, _begun_at(run)) for run in runs if isinstance(run, dict)]
        near = [run for run, at in begun if at is not None and abs(at - moment) <= CLOCK_DRIFT]
        ids = [known for run in near if (known := response.find_id(run.get("id")))]
        return ids, _more_since(runs, moment)

    return list_runs(workflow_id, page=page).read_as("search for a run that may have started", read)


def _more_since(runs: list[Any], since: float) -> bool:
    """
    Return whether the page after one with these runs may have runs that were begun since then.

    The list is newest first: a page of older runs is followed by runs that are older still. A run without that time may be
    as new as any.
    https://altostrat.io/docs/api/en/workflow-runs/list-workflow-runs
    """
    times = (_begun_at(run) for run in runs if isinstance(run, dict))
    return any(at is None or at >= since - CLOCK_DRIFT for at in times)


def _begun_at(run: dict[str, Any]) -> float | None:
    return time_of(run.get("started_at"))


def _carries(run: dict[str, Any], nonce: str) -> bool:
    """
    Return whether a run shows the nonce among the values of its trigger payload.

    "Retrieve a workflow run" mentions the payload, its schema does not:
    https://altostrat.io/docs/api/en/workflow-runs/retrieve-a-workflow-run
    """
    payload = run.get("trigger_payload")
    return isinstance(payload, dict) and nonce in payload.values()


API = VendorApi(
    # Pages of 2025 show https://api.altostrat.io; the newest pages and the specification show this one.
    # https://altostrat.io/docs/api/en/workflow-runs/execute-a-workflow
    base_url="https://v1.api.altostrat.io",
    auth_headers=auth_headers,
    # The documented form is {type, code, message, doc_url}; a 401 of the service in front of it has only {message}.
    error_message=lambda response: response.explain("message", "code"),
    ping=ping,
    get_status=get_status,
    get_status_with_details=get_status_with_details,
    list_statuses=list_statuses,
    find_newest=find_newest,
    list_begun=list_begun,
    get_execution=get_execution,
    find_started=find_started,
)
