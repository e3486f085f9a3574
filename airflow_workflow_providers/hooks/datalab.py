"""Datalab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tenacity

from airflow_workflow_providers.apis import (
    datalab,
    datalab_definitions,
    datalab_documents,
    datalab_files,
    datalab_pipelines,
)
from airflow_workflow_providers.core import transfer
from airflow_workflow_providers.core.client import ATTEMPTS, retry_policy
from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.forms.datalab import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends
from airflow_workflow_providers.hooks.extra import HttpExtra, RequestsPerSecond
from airflow_workflow_providers.inputs.file import InputFile
from airflow_workflow_providers.lineage import Lineage, report

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

#: The longest time for the upload of one file, in seconds.
UPLOAD_TIMEOUT = 3600.0


class DatalabExtra(HttpExtra):
    """The extra fields of a connection of type ``datalab``."""

    download_hosts: str | None = None
    # 400 a minute, for each endpoint: https://documentation.datalab.to/platform/troubleshooting
    # An older page has 200: https://documentation.datalab.to/docs/common/limits
    requests_per_second: RequestsPerSecond = 6.0


class DatalabHook(WorkflowHook):
    """
    Datalab's Workflows API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, which names the workflow or the
    execution. The API is described at https://documentation.datalab.to/.

    :param datalab_conn_id: the connection, of type ``datalab``.
    """

    api = datalab.API
    form = FORM
    extra_model = DatalabExtra

    def __init__(self, datalab_conn_id: str = "datalab_default", **kwargs: Any) -> None:
        super().__init__(datalab_conn_id, **kwargs)

    execute_workflow, aexecute_workflow = sends(datalab.execute_workflow)
    list_workflows, alist_workflows = sends(datalab_definitions.list_workflows)
    get_workflow, aget_workflow = sends(datalab_definitions.get_workflow)
    list_step_types, alist_step_types = sends(datalab_definitions.list_step_types)
    list_files, alist_files = sends(datalab_files.list_files)
    get_file, aget_file = sends(datalab_files.get_file)
    get_file_address, aget_file_address = sends(datalab_files.get_file_address)
    delete_file, adelete_file = sends(datalab_files.delete_file)

    def upload_file(self, file: str | ObjectStoragePath | InputFile) -> str:
        """
        Upload a file from object storage, streamed.

        The requests are those of https://documentation.datalab.to/docs/recipes/file-management/file-upload-api.

        :param file: its address, such as ``s3://conn_id@bucket/report.pdf``; a local one, ``file:///...``, must be below a
            folder of ``[workflow_providers] input_folders``.
        :return: its reference, ``datalab://...``, which an input can name.
        :raises InvalidInput: if there is no such file, or Datalab does not take it; nothing was sent.
        :raises WorkflowError: if it could not be read or uploaded.
        """
        known = file if isinstance(file, InputFile) else self.input_file(file)
        client = self.client
        upload = self.send(datalab_files.request_upload(known.name, content_type=known.content_type))

        def once() -> None:
            transfer.upload(
                client.endpoint.settings,
                upload.address,
                known.pieces(),
                size=known.size,
                content_type=known.content_type,
                timeout=UPLOAD_TIMEOUT,
            )

        try:
            tenacity.Retrying(**retry_policy(ATTEMPTS, UPLOAD_TIMEOUT), sleep=client.sleep)(once)
        except WorkflowError as error:
            error.args = (f"{known.address} could not be uploaded to {self.hook_name}: {error}.",)
            raise
        self.send(datalab_files.confirm_upload(upload.file_id))
        if known is not file:  # an operator, which has looked at the file itself, says so of all its files
            report(self, lambda: Lineage(inputs=[known.address]))
        return upload.reference

    @staticmethod
    def input_file(file: str | ObjectStoragePath) -> InputFile:
        """
        Look at a file in object storage, and reject one that Datalab does not take.

        :param file: its address, as for :meth:`upload_file`.
        :return: the file, with its size and its version.
        :raises InvalidInput: if there is no such file, or Datalab does not take it.
        :raises WorkflowError: if it could not be read.
        """
        return InputFile.at(
            file, content_types=datalab_files.CONTENT_TYPES, max_bytes=datalab_files.MAX_BYTES
        )


class DatalabPipelineHook(DatalabHook):
    """
    Datalab's Pipelines API with the same Airflow connection.

    :param datalab_conn_id: the connection, of type ``datalab``.
    """

    api = datalab_pipelines.API

    run_pipeline, arun_pipeline = sends(datalab_pipelines.run_pipeline)
    get_step_result, aget_step_result = sends(datalab_pipelines.get_step_result)
    list_pipeline_executions, alist_pipeline_executions = sends(datalab_pipelines.list_pipeline_executions)
    list_pipelines, alist_pipelines = sends(datalab_definitions.list_pipelines)
    get_pipeline, aget_pipeline = sends(datalab_definitions.get_pipeline)
    list_pipeline_versions, alist_pipeline_versions = sends(datalab_definitions.list_pipeline_versions)
    get_pipeline_rate, aget_pipeline_rate = sends(datalab_definitions.get_pipeline_rate)


class DatalabConvertHook(DatalabHook):
    """
    Datalab's conversion of a document, with the same Airflow connection.

    :param datalab_conn_id: the connection, of type ``datalab``.
    """

    api = datalab_documents.CONVERT

    convert, aconvert = sends(datalab_documents.convert)


class DatalabExtractHook(DatalabHook):
    """
    Datalab's extraction from a document, with the same Airflow connection.

    :param datalab_conn_id: the connection, of type ``datalab``.
    """

    api = datalab_documents.EXTRACT

    extract, aextract = sends(datalab_documents.extract)


class DatalabSegmentHook(DatalabHook):
    """
    Datalab's segmentation of a document, with the same Airflow connection.

    :param datalab_conn_id: the connection, of type ``datalab``.
    """

    api = datalab_documents.SEGMENT

    segment, asegment = sends(datalab_documents.segment)
