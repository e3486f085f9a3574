"""Files of an input that are in object storage: uploaded to Datalab before the start that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.request import Request
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.inputs.file import InputFile, is_stored
from airflow_workflow_providers.operators.execute import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.start_store import Uploads

#: Stands for a file until it is uploaded, and in the fingerprint of a start; it is never sent.
NOT_UPLOADED = "datalab://file-not-uploaded"


class DatalabInputOperator(ExecuteWorkflowOperator):
    """
    Start an execution over files. Those in object storage are uploaded first, and the start has their references.

    A retry uploads no file again that has not changed since an earlier try has uploaded it (Airflow 3.3).
    """

    hook_class: ClassVar[type[DatalabHook]]

    #: The files of the input in object storage, by address: ``size``, ``version`` and, once it is uploaded, ``reference``.
    _files: Mapping[str, dict[str, Any]] = {}

    #: Those of them that this try can read.
    _readable: Mapping[str, InputFile] = {}

    def with_files(self, parameters: dict[str, Any], reference: Callable[[Any], Any]) -> dict[str, Any]:
        """
        Return the arguments of the start with something else for each file in them: here for ``file``.

        :param parameters: the arguments, which stay as they are.
        :param reference: from a file as the author names it to what takes its place.
        :return: a copy.
        """
        return {**parameters, "file": reference(parameters["file"])}

    def start_parameters(self, timeout: float) -> dict[str, Any]:
        """
        Return the arguments of the start; a file in object storage has its reference.

        :param timeout: as for the base class.
        :return: an argument for each parameter.
        """
        given = super().start_parameters(timeout)
        return self.with_files(
            given, lambda file: self._file(file).get("reference", NOT_UPLOADED) if is_stored(file) else file
        )

    def build_start_request(self, timeout: float) -> Request[Execution]:
        """
        Build the start. In its fingerprint a file in object storage has its address, size and version.

        :param timeout: as for the base class.
        :return: the request.
        :raises InvalidInput: if a parameter is wrong; the error names it.
        """
        request = super().build_start_request(timeout)
        if not self._files:
            return request
        given = self.with_files(
            super().start_parameters(timeout), lambda file: NOT_UPLOADED if is_stored(file) else file
        )
        plain = type(self).start_request(**given).fingerprint_input
        return replace(request, fingerprint_input={**plain, "files": self._versions()})

    def _files_in(self, parameters: dict[str, Any]) -> list[Any]:
        named: list[Any] = []
        self.with_files(parameters, lambda file: named.append(file) or file)  # type: ignore[func-returns-value]
        return named

    def _files_read(self) -> list[Any]:
        return self._files_in(super().start_parameters(1.0))

    def _stored_files(self) -> list[Any]:
        """Return the files of the input that are in object storage, as the author names them."""
        return [file for file in self._files_in(super().start_parameters(1.0)) if is_stored(file)]

    @property
    def input_files(self) -> list[str]:
        """The addresses of the files of the input that are in object storage."""
        return [str(file) for file in self._stored_files()]

    @property
    def files_version(self) -> str:
        """A digest of the addresses, sizes and versions of the files in object storage."""
        return fingerprint({"files": self._versions()})[:16] if self._files else ""

    def _versions(self) -> list[list[Any]]:
        return [[address, file["size"], file["version"]] for address, file in self._files.items()]

    def read_input(self, store: Uploads) -> None:
        """
        Look at each file of the input that is in object storage.

        :param store: where earlier tries have stored what they have uploaded.
        :raises InvalidInput: if there is no such file, or Datalab does not take it; nothing was started.
        :raises WorkflowError: if it could not be read.
        """
        stored = self._stored_files()
        if not stored:
            return
        known = store.read_uploads(self.hook.client.endpoint.account)
        files, readable = {}, {}
        for file in stored:
            address = str(file)
            old = known.get(address, {})
            try:
                new = self._hook.input_file(file)
            except WorkflowError as error:
                if not old:
                    raise
                # What is at the vendor is not needed here: another worker, or a folder that was cleaned up.
                self.log.info("%s An earlier try has uploaded it.", error)
                files[address] = old
                continue
            now = {"size": new.size, "version": new.version}
            files[address], readable[address] = old if {**old, **now} == old else now, new
        self._files, self._readable = files, readable

    def upload_input(self, store: Uploads) -> bool:
        """
        Upload each file of the input that is in object storage and was not uploaded by an earlier try.

        :param store: where it is stored what was uploaded.
        :return: whether a file was uploaded.
        :raises WorkflowError: if a file could not be uploaded; nothing was started.
        """
        missing = [address for address, file in self._files.items() if "reference" not in file]
        for address in missing:
            self.stop_if_killed()
            file = self._readable[address]
            self.log.info("Uploading %s (%d bytes) to %s.", address, file.size, self.hook.hook_name)
            self._files[address]["reference"] = self._hook.upload_file(file)
            store.write_uploads(self._hook.client.endpoint.account, self._files)
        return bool(missing)

    @property
    def _hook(self) -> DatalabHook:
        return self.hook  # type: ignore[return-value]  # as hook_class says

    def _file(self, file: Any) -> dict[str, Any]:
        return self._files.get(str(file), {})
