"""PromptLayer."""

from typing import Any

from airflow_workflow_providers.apis import (
    promptlayer,
    promptlayer_scorecards,
    promptlayer_tables,
    promptlayer_workflows,
)
from airflow_workflow_providers.core.errors import InvalidInput, UnexpectedResponse
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.forms.promptlayer import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends


class PromptLayerHook(WorkflowHook):
    """
    PromptLayer's workflow endpoints with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, which names the workflow or the
    execution. The API is described at https://docs.promptlayer.com/.

    :param promptlayer_conn_id: the connection, of type ``promptlayer``.
    """

    api = promptlayer.API
    form = FORM

    def __init__(self, promptlayer_conn_id: str = "promptlayer_default", **kwargs: Any) -> None:
        super().__init__(promptlayer_conn_id, **kwargs)
        self._required: dict[tuple[str | int, int | None, str | None], set[str]] = {}

    def check_input_variables(
        self,
        workflow_id_or_name: str | int,
        input_variables: dict[str, Any],
        *,
        version: int | None = None,
        label: str | None = None,
    ) -> None:
        """
        Check that input variables have all that a version of a workflow requires, as :meth:`get_workflow` reads it.

        The version is read once for all input that this hook checks. PromptLayer itself starts such an execution, with a warning.

        :param workflow_id_or_name: the workflow's name, or its number.
        :param input_variables: the variables.
        :param version: the number of the version.
        :param label: the release label of the version. It excludes the number; without either it is the latest version.
        :raises InvalidInput: if a variable is missing; the error names it.
        :raises WorkflowError: if the version cannot be read, or PromptLayer does not say what it requires.
        """
        which = (workflow_id_or_name, version, label)
        name = shown(workflow_id_or_name)
        if which not in self._required:
            found = self.send(
                promptlayer_workflows.get_workflow(workflow_id_or_name, version=version, label=label)
            )
            required = found.get("required_input_variables")
            if not isinstance(required, dict):
                raise UnexpectedResponse(
                    f"{self.hook_name} does not say which input variables workflow {name} requires, so they cannot be checked."
                )
            self._required[which] = set(required)
        if missing := sorted(self._required[which] - input_variables.keys()):
            raise InvalidInput(
                f"input_variables does not fit workflow {name}, which requires {shown(', '.join(missing))} too. Nothing was "
                "started."
            )

    run_workflow, arun_workflow = sends(promptlayer.run_workflow)
    list_workflows, alist_workflows = sends(promptlayer_workflows.list_workflows)
    get_workflow, aget_workflow = sends(promptlayer_workflows.get_workflow)
    list_workflow_labels, alist_workflow_labels = sends(promptlayer_workflows.list_workflow_labels)


class PromptLayerSheetHook(PromptLayerHook):
    """
    PromptLayer's recalculation of a sheet of a table, with the same Airflow connection.

    Its executions are PromptLayer's operations; an execution id is ``<table>.<sheet>.<operation>``.

    :param promptlayer_conn_id: the connection, of type ``promptlayer``.
    """

    api = promptlayer_tables.API

    recalculate_sheet, arecalculate_sheet = sends(promptlayer_tables.recalculate_sheet)


class PromptLayerScorecardHook(PromptLayerHook):
    """
    PromptLayer's recalculation of the scorecard of a sheet, with the same Airflow connection.

    Its executions are PromptLayer's calculations; an execution id is ``<table>.<sheet>.<calculation>``.

    :param promptlayer_conn_id: the connection, of type ``promptlayer``.
    """

    api = promptlayer_scorecards.API

    recalculate_scorecard, arecalculate_scorecard = sends(promptlayer_scorecards.recalculate_scorecard)
