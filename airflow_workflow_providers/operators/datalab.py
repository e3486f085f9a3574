"""Datalab."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.apis import datalab_documents, datalab_pipelines
from airflow_workflow_providers.hooks.datalab import (
    DatalabConvertHook,
    DatalabExtractHook,
    DatalabHook,
    DatalabPipelineHook,
    DatalabSegmentHook,
)
from airflow_workflow_providers.operators.batch import BatchOperator
from airflow_workflow_providers.operators.datalab_input import NOT_UPLOADED, DatalabInputOperator
from airflow_workflow_providers.operators.start_store import Uploads
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.triggers.datalab import (
    DatalabBatchTrigger,
    DatalabConvertBatchTrigger,
    DatalabConvertExecutionTrigger,
    DatalabExecutionTrigger,
    DatalabExtractBatchTrigger,
    DatalabExtractExecutionTrigger,
    DatalabPipelineBatchTrigger,
    DatalabPipelineExecutionTrigger,
    DatalabSegmentBatchTrigger,
    DatalabSegmentExecutionTrigger,
)

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath


class DatalabExecuteWorkflowOperator(DatalabInputOperator):
    """
    Execute a Datalab workflow over one file or many, and wait for its end.

    The request is "Execute Workflow" of Datalab's API reference, https://documentation.datalab.to/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ``succeeded``, ``partial`` or, without a
    wait, ``running``; ``status`` is Datalab's; ``output`` is, for each step and file, ``{"status", "error"}`` and, unless
    ``output_path`` is given, the ``result``. An execution that completed although files failed, or steps did not succeed,
    is ``partial``. Datalab cannot stop an execution.

    :param workflow_id: the workflow's number (templated).
    :param input_config: what it reads (templated): ``{"type": "single_file", "file_url": ...}``,
        ``{"type": "file_list", "file_urls": [...]}``, or, as the vendor's own client sends it, ``{"file_urls": [...]}`` or
        ``{"bucket", "prefix", "pattern", "storage_type"}``. A file is an http or https address, a reference of an uploaded
        file (``datalab://...``), or a file in object storage, which is uploaded first: see
        :class:`DatalabRunPipelineOperator`. Default: none is sent.
    :param datalab_conn_id: the connection, of type ``datalab`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if Datalab rejected the start.
    :raises LostStart: if the response to the start was lost, so that an execution may exist; there is no retry.
    :raises ExecutionFailed: if the execution ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the execution goes on.
    """

    template_fields = ("workflow_id", "input_config", "datalab_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"input_config": "json"}
    stand_ins: ClassVar[dict[str, Any]] = {"workflow_id": 1}
    hook_class = DatalabHook
    payload_field = "input_config"
    start_request = staticmethod(api.execute_workflow)
    trigger_class = DatalabExecutionTrigger

    def __init__(
        self,
        *,
        workflow_id: int | str,
        input_config: dict[str, Any] | None = None,
        datalab_conn_id: str = "datalab_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.workflow_id = workflow_id
        self.input_config = input_config
        self.datalab_conn_id = conn_id("datalab_conn_id", datalab_conn_id)
        self.validate_at_parse()

    def with_files(self, parameters: dict[str, Any], reference: Callable[[Any], Any]) -> dict[str, Any]:
        """
        Return the arguments of the start with something else for ``file_url`` and each of ``file_urls``.

        :param parameters: as for the base class.
        :param reference: as for the base class.
        :return: a copy.
        """
        config = parameters["input_config"]
        if not isinstance(config, dict):
            return parameters
        changed = dict(config)
        if "file_url" in config:
            changed["file_url"] = reference(config["file_url"])
        if isinstance(config.get("file_urls"), (list, tuple)):
            changed["file_urls"] = [reference(file) for file in config["file_urls"]]
        return {**parameters, "input_config": changed}


class DatalabExecuteWorkflowBatchOperator(BatchOperator, DatalabExecuteWorkflowOperator):
    """
    Execute a Datalab workflow for each of many inputs, in one task.

    The parameters of :class:`DatalabExecuteWorkflowOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = DatalabBatchTrigger


class DatalabRunPipelineOperator(DatalabInputOperator):
    """
    Run a Datalab pipeline over one file, and wait for its end.

    The request is "Run Pipeline" of Datalab's API reference, https://documentation.datalab.to/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ``succeeded``, ``partial`` or, without a
    wait, ``running``; ``status`` is Datalab's; ``output`` is a list with ``{"step_type", "status", "error"}`` for each step
    and, unless ``output_path`` is given, the ``result`` of each step that completed. An execution that is
    ``completed_with_errors``, or that completed although steps did not, is ``partial``. Datalab cannot stop an execution.

    :param pipeline_id: the pipeline, ``pl_...`` (templated).
    :param file: the file (templated): an http or https address, which Datalab fetches; a reference of an uploaded file,
        ``datalab://...``; or a file in object storage, as an address such as ``s3://conn_id@bucket/report.pdf`` or an
        ``ObjectStoragePath``, which is uploaded first. A local file, ``file:///...``, must be below a folder of
        ``[workflow_providers] input_folders``. Datalab takes up to 200 MB.
    :param page_range: the pages, from 0, such as ``"0,2-4"``; default: all (templated).
    :param output_format: ``markdown``, ``html``, ``json`` or ``chunks``; default: the pipeline's (templated).
    :param run_evals: run the steps that evaluate, too.
    :param skip_cache: do the work again even if Datalab has a result of the same file.
    :param version: of the pipeline; 0 is the draft. Default: the published version, or the draft if there is none.
    :param webhook_url: an address to which Datalab posts the end of the execution. It is not templated, so that it is not
        shown among the rendered fields: it may hold a secret. Default: none.
    :param datalab_conn_id: the connection, of type ``datalab`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was started.
    :raises RequestRejected: if Datalab rejected the start.
    :raises LostStart: if the response to the start was lost, and the list of executions does not show the reference of a
        file that this try has uploaded, so that an execution may exist; there is no retry.
    :raises ExecutionFailed: if the execution ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the execution goes on.
    """

    template_fields = ("pipeline_id", "file", "page_range", "output_format", "datalab_conn_id")
    stand_ins: ClassVar[dict[str, Any]] = {"file": NOT_UPLOADED}
    hook_class = DatalabPipelineHook
    start_request = staticmethod(datalab_pipelines.run_pipeline)
    workflow_field = "pipeline_id"
    trigger_class = DatalabPipelineExecutionTrigger
    listed_by = "pipeline_id"

    def __init__(
        self,
        *,
        pipeline_id: str,
        file: str | ObjectStoragePath,
        page_range: str | None = None,
        output_format: str | None = None,
        run_evals: bool = False,
        skip_cache: bool = False,
        version: int | None = None,
        webhook_url: str | None = None,
        datalab_conn_id: str = "datalab_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pipeline_id = pipeline_id
        self.file = file
        self.page_range = page_range
        self.output_format = output_format
        self.run_evals = run_evals
        self.skip_cache = skip_cache
        self.version = version
        self.webhook_url = webhook_url
        self.datalab_conn_id = conn_id("datalab_conn_id", datalab_conn_id)
        self.validate_at_parse()

    def upload_input(self, store: Uploads) -> bool:
        """
        Upload the file if it is in object storage. Its new reference tells the execution from all others.

        :param store: as for the base class.
        :return: whether it was uploaded.
        :raises WorkflowError: if it could not be uploaded; nothing was started.
        """
        # A file that an earlier try has uploaded may be that of an earlier execution too.
        self.sends_nonce = super().upload_input(store)
        if self.sends_nonce:
            [uploaded] = self._files.values()
            self.nonce = uploaded["reference"]
        return self.sends_nonce


class DatalabRunPipelineBatchOperator(BatchOperator, DatalabRunPipelineOperator):
    """
    Run a Datalab pipeline over many files, in one task.

    The parameters of :class:`DatalabRunPipelineOperator` are common to all inputs. Each of ``inputs`` has a ``file``, and whatever
    else differs: ``page_range``, ``output_format``, ``pipeline_id`` and so on.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first; what was started goes on.
    """

    batch_trigger_class = DatalabPipelineBatchTrigger


class DatalabDocumentOperator(DatalabInputOperator):
    """
    Let Datalab process one document, and wait for the result.

    The task returns ``{"execution_id", "state", "status", "output", "url"}``: ``execution_id`` is Datalab's ``request_id``,
    ``output`` its result, an object. Datalab cannot stop it.

    :param file: the document, as for :class:`DatalabRunPipelineOperator` (templated).
    :param mode: ``fast``, ``balanced`` or ``accurate``; default: Datalab's.
    :param page_range: the pages, from 0, such as ``"0,2-4"``; default: all (templated).
    :param max_pages: how many pages at the most; default: all.
    :param options: further fields of the request as its page names them, such as ``{"paginate": True}`` (templated).
    :param datalab_conn_id: the connection, of type ``datalab`` (templated).
    """

    template_fields: tuple[str, ...] = ("file", "page_range", "options", "datalab_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"options": "json"}
    stand_ins: ClassVar[dict[str, Any]] = {"file": NOT_UPLOADED}

    def __init__(
        self,
        *,
        file: str | ObjectStoragePath | None = None,
        mode: str | None = None,
        page_range: str | None = None,
        max_pages: int | None = None,
        options: dict[str, Any] | None = None,
        datalab_conn_id: str = "datalab_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.file = file
        self.mode = mode
        self.page_range = page_range
        self.max_pages = max_pages
        self.options = options
        self.datalab_conn_id = conn_id("datalab_conn_id", datalab_conn_id)

    def _workflow(self) -> str | None:
        """Return the name of the request: it is all that Datalab does."""
        return type(self).start_request.__name__


class DatalabConvertOperator(DatalabDocumentOperator):
    """
    Convert a document with Datalab, and wait for the result: ``markdown``, ``images``, ``metadata`` and so on.

    The request is "Convert Document" of Datalab's API reference, https://documentation.datalab.to/.

    :param file: the document, as for :class:`DatalabRunPipelineOperator` (templated).
    :param output_format: ``markdown``, ``html``, ``json`` or ``chunks``, or several with commas between them (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was started.
    :raises RequestRejected: if Datalab rejected the start.
    :raises LostStart: if the response to the start was lost, so that an execution may exist; there is no retry.
    :raises ExecutionFailed: if the execution ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the execution goes on.
    """

    template_fields = ("output_format", *DatalabDocumentOperator.template_fields)
    hook_class = DatalabConvertHook
    start_request = staticmethod(datalab_documents.convert)
    trigger_class = DatalabConvertExecutionTrigger

    def __init__(
        self, *, file: str | ObjectStoragePath, output_format: str = "markdown", **kwargs: Any
    ) -> None:
        super().__init__(file=file, **kwargs)
        self.output_format = output_format
        self.validate_at_parse()


class DatalabConvertBatchOperator(BatchOperator, DatalabConvertOperator):
    """
    Convert many documents with Datalab, in one task.

    The parameters of :class:`DatalabConvertOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = DatalabConvertBatchTrigger


class DatalabExtractOperator(DatalabDocumentOperator):
    """
    Extract data from a document with Datalab, and wait for the result: ``extraction_schema_json`` and so on.

    The request is "Extract Document" of Datalab's API reference, https://documentation.datalab.to/.

    :param page_schema: a JSON schema of what to extract, with ``properties`` (templated).
    :param schema_id: a schema that is saved at Datalab, ``sch_...``, instead of ``page_schema`` (templated).
    :param checkpoint_id: of a conversion with ``options={"save_checkpoint": True}``, whose document is used instead of
        ``file`` without parsing it again (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was started.
    :raises RequestRejected: if Datalab rejected the start.
    :raises LostStart: if the response to the start was lost, so that an execution may exist; there is no retry.
    :raises ExecutionFailed: if the execution ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the execution goes on.
    """

    template_fields = ("page_schema", "schema_id", "checkpoint_id", *DatalabDocumentOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {"page_schema": "json", "options": "json"}
    hook_class = DatalabExtractHook
    start_request = staticmethod(datalab_documents.extract)
    trigger_class = DatalabExtractExecutionTrigger

    def __init__(
        self,
        *,
        page_schema: dict[str, Any] | None = None,
        schema_id: str | None = None,
        checkpoint_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.page_schema = page_schema
        self.schema_id = schema_id
        self.checkpoint_id = checkpoint_id
        self.validate_at_parse()


class DatalabExtractBatchOperator(BatchOperator, DatalabExtractOperator):
    """
    Extract data from many documents with Datalab, in one task.

    The parameters of :class:`DatalabExtractOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = DatalabExtractBatchTrigger


class DatalabSegmentOperator(DatalabDocumentOperator):
    """
    Find the segments of a document with Datalab, and wait for the result: ``segmentation_results`` and so on.

    The request is "Segment Document" of Datalab's API reference, https://documentation.datalab.to/.

    :param segmentation_schema: the names and descriptions of the segments, as the page shows it (templated).
    :param checkpoint_id: of a conversion with ``options={"save_checkpoint": True}``, whose document is used instead of
        ``file`` without parsing it again (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was started.
    :raises RequestRejected: if Datalab rejected the start.
    :raises LostStart: if the response to the start was lost, so that an execution may exist; there is no retry.
    :raises ExecutionFailed: if the execution ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the execution goes on.
    """

    template_fields = ("segmentation_schema", "checkpoint_id", *DatalabDocumentOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {"segmentation_schema": "json", "options": "json"}
    stand_ins: ClassVar[dict[str, Any]] = {"file": NOT_UPLOADED, "segmentation_schema": {"segments": []}}
    hook_class = DatalabSegmentHook
    start_request = staticmethod(datalab_documents.segment)
    trigger_class = DatalabSegmentExecutionTrigger

    def __init__(
        self, *, segmentation_schema: dict[str, Any], checkpoint_id: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.segmentation_schema = segmentation_schema
        self.checkpoint_id = checkpoint_id
        self.validate_at_parse()


class DatalabSegmentBatchOperator(BatchOperator, DatalabSegmentOperator):
    """
    Find the segments of many documents with Datalab, in one task.

    The parameters of :class:`DatalabSegmentOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = DatalabSegmentBatchTrigger
