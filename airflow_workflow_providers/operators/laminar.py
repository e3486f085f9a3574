"""Laminar (now Minicor)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.apis import laminar_jobs
from airflow_workflow_providers.core.body import Sink
from airflow_workflow_providers.core.errors import LostStart, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.http import BuiltRequest
from airflow_workflow_providers.core.parameters import whole_number
from airflow_workflow_providers.core.request import Request, Response
from airflow_workflow_providers.core.transfer import MAX_FILE, media_type
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from airflow_workflow_providers.operators.batch import BatchOperator
from airflow_workflow_providers.operators.batch_begin import WIDTH
from airflow_workflow_providers.operators.execute import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.start import StartOperator
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.triggers.laminar import LaminarJobBatchTrigger, LaminarJobExecutionTrigger

#: How long an execution of a batch may take, in seconds: as long as by default that of a task of its own.
LONGEST_EXECUTION = 3600.0


class LaminarExecuteWorkflowOperator(StartOperator):
    """
    Run a Laminar workflow: one request, whose response comes when the run is over.

    The request is "Execute Workflow (External)" of https://docs.laminar.run/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``output`` is the response of the workflow, JSON of any
    type or text; with ``output_path`` it is streamed there as it is. ``status`` is the HTTP status, which the workflow may
    choose, though 401, 403, 404 and 429 count as Laminar's own: a workflow that responds with 429 is run again.
    ``execution_id`` and ``url`` are ``None``, because such a run has no id: it cannot be polled, stopped, or reattached to
    by a retry. So the task waits on the worker, and has no parameters for a wait. For long work, see
    :class:`LaminarRunJobOperator`.

    :param workflow_id: the workflow (templated).
    :param payload: the input of the workflow: JSON of any type, or with ``content_type`` a text; default: none (templated).
    :param configuration_id: the configuration store to run with (templated).
    :param content_type: the media type of ``payload``, which is then sent as it is, such as ``text/csv`` or
        ``application/xml``. Default: ``payload`` is sent as JSON.
    :param response_type: as Laminar documents it; default: Laminar's, ``json``.
    :param start_from_step: the first step to run, from 1 (templated).
    :param end_at_step: the last step to run; the same as ``start_from_step`` runs only that step (templated).
    :param callback_url: an address to which Laminar posts events during the run. It is not templated, so that it is not
        shown among the rendered fields: it may hold a secret.
    :param laminar_conn_id: the connection, of type ``laminar`` (templated).
    :param timeout: seconds, or a timedelta, for the response; default: 1 h. The smaller of it and ``execution_timeout`` is
        the deadline. A later response is lost, and the run may go on.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that a run may be going; there is no retry.
    :raises ExecutionFailed: if the run failed (HTTP 400, or another 4xx), with its response.
    """

    template_fields = (
        "workflow_id",
        "payload",
        "configuration_id",
        "start_from_step",
        "end_at_step",
        "laminar_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"payload": "json"}
    stand_ins: ClassVar[dict[str, Any]] = {
        "payload": "template",
        "start_from_step": 1,
        "end_at_step": api.GREATEST_STEP,
    }
    hook_class = LaminarHook
    start_request = staticmethod(api.execute_workflow)

    def __init__(
        self,
        *,
        workflow_id: int | str,
        payload: Any = None,
        configuration_id: str | None = None,
        content_type: str | None = None,
        response_type: str | None = None,
        start_from_step: int | str | None = None,
        end_at_step: int | str | None = None,
        callback_url: str | None = None,
        laminar_conn_id: str = "laminar_default",
        timeout: float | timedelta = timedelta(hours=1),
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        self.workflow_id = workflow_id
        self.payload = payload
        self.configuration_id = configuration_id
        self.content_type = content_type
        self.response_type = response_type
        self.start_from_step = start_from_step
        self.end_at_step = end_at_step
        self.callback_url = callback_url
        self.laminar_conn_id = conn_id("laminar_conn_id", laminar_conn_id)
        self.validate_at_parse()

    def send_start(self, request: Request[Execution], built: BuiltRequest, budget: float) -> Execution:
        """
        Send the start. With ``output_path`` its response, which is the result, is streamed there as it is.

        :param request: as for the base class.
        :param built: as for the base class.
        :param budget: as for the base class.
        :return: the run.
        :raises LostStart: if the workflow was run and its result could not be stored; it is not run again.
        :raises WorkflowError: if it could not be run.
        """
        if self.output_folder is None:
            return super().send_start(request, built, budget)
        ended: list[tuple[Execution, str]] = []

        def read(response: Response) -> Execution:
            execution = request.parse(response)
            ended.append((execution, media_type(response)))
            return execution

        def fill(write: Callable[[bytes], None]) -> str:
            sink = Sink(write, MAX_FILE)
            execution = self.hook.send(replace(request, parse=read), built=built, budget=budget, sink=sink)
            if execution.state is not State.SUCCEEDED:
                raise _NoResult(str(execution.message))
            return ended[-1][1]

        try:
            entry = self.output_folder.write([self._run_name(), "output"], fill, add_extension=True)
        except _NoResult:
            return ended[-1][0]
        except WorkflowError as error:
            if not ended:
                raise
            lost = LostStart(f"{self.hook.hook_name} has run the workflow, and its result is lost: {error}.")
        else:
            self.stored = [{"name": "output", **entry}]
            return ended[-1][0]
        raise lost


class _NoResult(WorkflowError):
    """The run has failed, so that its response is not stored."""


class LaminarRunJobOperator(ExecuteWorkflowOperator):
    """
    Start a Laminar job behind its trigger URL, and wait for its end.

    The requests are those of "Calling jobs" in Laminar's platform documentation, with ``?async=1``. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``status`` is Laminar's, ``output`` the job's. Laminar cannot
    stop a job.

    :param job_path: the job's path below the trigger URL (templated).
    :param payload: the job's input, a JSON object; default: none (templated).
    :param query: query parameters, which are input too; the payload takes precedence (templated).
    :param method: the HTTP method of the job; default: ``POST``.
    :param laminar_conn_id: the connection, of type ``laminar``, with ``trigger_url`` and ``trigger_api_key`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if there is no such job.
    :raises LostStart: if the response to the start was lost, so that a job may be going; there is no retry.
    :raises ExecutionFailed: if the job ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the job goes on.
    """

    template_fields = ("job_path", "payload", "query", "laminar_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"payload": "json", "query": "json"}
    hook_class = LaminarJobHook
    payload_field = "payload"
    start_request = staticmethod(laminar_jobs.run_job)
    workflow_field = "job_path"
    trigger_class = LaminarJobExecutionTrigger

    def __init__(
        self,
        *,
        job_path: str,
        payload: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        method: str = "POST",
        laminar_conn_id: str = "laminar_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_path = job_path
        self.payload = payload
        self.query = query
        self.method = method
        self.laminar_conn_id = conn_id("laminar_conn_id", laminar_conn_id)
        self.validate_at_parse()


class LaminarRunJobSyncOperator(StartOperator):
    """
    Run a Laminar job behind its trigger URL with one request, whose response comes when the job is over.

    The request is that of "Calling jobs" in Laminar's platform documentation, without ``?async=1``. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``output`` is the response of the job, JSON of any type or text;
    ``status`` is the HTTP status: 200, or 207 for a job that finished with failed parts. ``execution_id`` and ``url`` are
    ``None``, because Laminar returns no id: such a run cannot be polled, or reattached to by a retry. So the task waits on the
    worker, and has no parameters for a wait. For long work, see :class:`LaminarRunJobOperator`.

    :param job_path: the job's path below the trigger URL (templated).
    :param payload: the job's input, a JSON object; default: none (templated).
    :param query: query parameters, which are input too; the payload takes precedence (templated).
    :param method: the HTTP method of the job; default: ``POST``.
    :param laminar_conn_id: the connection, of type ``laminar``, with ``trigger_url`` and ``trigger_api_key`` (templated).
    :param timeout: seconds, or a timedelta, for the response; default: 1 h. The smaller of it and ``execution_timeout`` is
        the deadline. A later response is lost, and the job may go on.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if there is no such job.
    :raises LostStart: if the response was lost, so that the job may be going; there is no retry. A 502 without an ``error``
        is one too: it may come from a proxy.
    :raises ExecutionFailed: if the job failed (HTTP 502 with an ``error``), or finished with failed parts.
    """

    template_fields = ("job_path", "payload", "query", "laminar_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"payload": "json", "query": "json"}
    hook_class = LaminarJobHook
    payload_field = "payload"
    start_request = staticmethod(laminar_jobs.run_job_sync)

    def __init__(
        self,
        *,
        job_path: str,
        payload: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        method: str = "POST",
        laminar_conn_id: str = "laminar_default",
        timeout: float | timedelta = timedelta(hours=1),
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        self.job_path = job_path
        self.payload = payload
        self.query = query
        self.method = method
        self.laminar_conn_id = conn_id("laminar_conn_id", laminar_conn_id)
        self.validate_at_parse()


class LaminarExecuteWorkflowBatchOperator(BatchOperator, LaminarExecuteWorkflowOperator):
    """
    Run a Laminar workflow for each of many inputs, in one task, and some of them at the same time.

    The parameters of :class:`LaminarExecuteWorkflowOperator` are common to all inputs. Each of ``inputs`` has what differs.
    Executions have no ids, so all inputs must differ, and the task holds a worker until the last response has come. If the worker
    dies, the executions that are under way are lost starts. For long work, see :class:`LaminarRunJobBatchOperator`.

    :param inputs: what differs: a list with an object of parameters for each execution, the output of another task that is such a
        list, or the address of a JSONL file with one object a line (templated). All must differ.
    :param max_active: how many executions may be going at the same time, 16 at the most: each holds a network connection. Default: 16.
    :param timeout: seconds, or a timedelta, for one try of the task; default: 24 h. A single execution takes an hour at the most.
    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    #: The name of the output of an input, if it has one.
    output_name: str = ""

    def __init__(
        self,
        *,
        inputs: Any,
        max_active: int = WIDTH,
        timeout: float | timedelta = timedelta(hours=24),
        **kwargs: Any,
    ) -> None:
        super().__init__(
            inputs=inputs,
            max_active=whole_number("max_active", max_active, least=1, most=WIDTH),
            timeout=timeout,
            **kwargs,
        )
        self.deferrable = False

    def build_start_request(self, timeout: float) -> Request[Execution]:
        """
        Build the request that runs the workflow.

        :param timeout: seconds until the deadline of the task.
        :return: the request.
        :raises InvalidInput: if a parameter is wrong; the error names it.
        """
        return super().build_start_request(min(timeout, LONGEST_EXECUTION))

    def send_start(self, request: Request[Execution], built: BuiltRequest, budget: float) -> Execution:
        """
        Send the start of one input, and wait for its response.

        :param request: as for the base class.
        :param built: as for the base class.
        :param budget: as for the base class.
        :return: the run.
        :raises WorkflowError: if it could not be run, or its result could not be stored.
        """
        self.output_name = self.output_name or fingerprint(request.fingerprint_input)[:32]
        return super().send_start(request, built, min(budget, LONGEST_EXECUTION))

    def _run_name(self) -> str:
        return self.output_name if self._is_one else super()._run_name()


class LaminarRunJobBatchOperator(BatchOperator, LaminarRunJobOperator):
    """
    Start a Laminar job for each of many inputs, in one task.

    The parameters of :class:`LaminarRunJobOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = LaminarJobBatchTrigger
