"""What the decorators of all vendors share: a function that returns the input of an operator."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    DecoratedOperator,
    TaskDeferred,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from airflow_workflow_providers.compat import SET_DURING_EXECUTION
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.parameters import flag

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, TaskDecorator

#: The XCom with the inputs of a batch that is deferred, as JSON text.
INPUTS_KEY = "inputs"


class InputOperator(DecoratedOperator):
    """
    The first base of an operator whose input a function returns; the second one is the vendor's operator.

    :param python_callable: the function; it runs once in each try, before the start.
    :param op_args: its positional arguments (templated).
    :param op_kwargs: its other arguments (templated).
    :raises InvalidInput: if the input is a parameter of the decorator.
    """

    #: The parameter of the vendor's operator that the function returns.
    returned: ClassVar[str]

    custom_operator_name: ClassVar[str]

    # The page of the task shows the input that the function has returned.
    overwrite_rtif_after_execution: bool = True

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if self.returned in kwargs:
            raise InvalidInput(
                f"{self.custom_operator_name} has no parameter {self.returned}: the function returns it."
            )
        kwargs[self.returned] = SET_DURING_EXECUTION
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)

    def execute(self, context: Context) -> Any:
        """
        Call the function, and run the workflow with what it returns.

        :param context: Airflow's context of the running task.
        :return: the record of the vendor's operator.
        :raises InvalidInput: if the function returns nothing, or what is no input; nothing was started.
        :raises WorkflowError: the errors of the vendor's operator.
        """
        self.call(context)
        return super().execute(context)

    def call(self, context: Context) -> None:
        """
        Call the function, and keep what it returns.

        :param context: Airflow's context of the running task.
        :raises InvalidInput: if the function returns nothing.
        """
        context_merge(context, self.op_kwargs)
        arguments = determine_kwargs(self.python_callable, self.op_args, context)
        given = self.python_callable(*self.op_args, **arguments)
        if given is None:
            name = getattr(self.python_callable, "__name__", "of this task")
            raise InvalidInput(
                f"Function {name} has returned None. It must return {self.returned}; nothing was started."
            )
        setattr(self, self.returned, given)


class InputsOperator(InputOperator):
    """
    The same for a batch: the second base is the vendor's batch operator, and the function returns its ``inputs``.

    A batch needs its inputs again when it resumes after a deferral. The function may return others then, such as the files
    that are in a folder now, and so it is not called again: the inputs are stored in XCom until then.
    """

    def execute(self, context: Context) -> Any:
        """
        Call the function, and run the workflow for each of the inputs that it returns.

        :param context: Airflow's context of the running task.
        :return: as from the vendor's batch operator.
        :raises InvalidInput: if the function returns nothing, or what are no inputs; nothing was started.
        :raises WorkflowError: the errors of the vendor's batch operator.
        """
        try:
            return super().execute(context)
        except TaskDeferred:
            # As text: Airflow's database does not take every character that JSON can have.
            inputs = json.dumps(getattr(self, self.returned), default=str)
            context["ti"].xcom_push(key=INPUTS_KEY, value=inputs)
            raise

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Resume after a deferral, with the same inputs.

        :param next_method: the method that Airflow resumes with.
        :param next_kwargs: its arguments, with the trigger's event.
        :param context: Airflow's context of the running task.
        :return: as from :meth:`execute`.
        :raises WorkflowError: the errors of the vendor's batch operator.
        """
        ti = context["ti"]
        stored = ti.xcom_pull(task_ids=ti.task_id, key=INPUTS_KEY, map_indexes=ti.map_index)
        if stored is None:
            # A person has deleted it. Like in a retry, the executions of inputs that are still there go on.
            self.call(context)
        else:
            setattr(self, self.returned, json.loads(stored))
        return super().resume_execution(next_method, next_kwargs, context)


def decorator(
    operator: type[Any], name: str, *, returns: str, batch_operator: type[Any] | None = None
) -> Callable[..., TaskDecorator]:
    """
    Make the decorator of an operator.

    :param operator: the vendor's.
    :param name: of the decorator: ``@task.<name>``.
    :param returns: the parameter of the operator that the function returns.
    :param batch_operator: the vendor's operator for many inputs, for ``batch=True``; ``None`` if there is none.
    :return: what Airflow looks up by the name: it makes a task of a function.
    """
    with_input = _decorated(InputOperator, operator, name, returns)
    with_inputs = batch_operator and _decorated(InputsOperator, batch_operator, name, "inputs")

    def make_task(
        python_callable: Callable[..., Any] | None = None,
        *,
        multiple_outputs: bool = False,
        batch: bool = False,
        **kwargs: Any,
    ) -> TaskDecorator:
        decorated = with_inputs if flag("batch", batch) else with_input
        if decorated is None:
            raise InvalidInput(
                f"@task.{name} has no parameter batch: no operator runs many inputs in one task."
            )
        # Airflow would split the record if the function is annotated to return a dict. But what the function returns is not the
        # result of the task.
        return task_decorator_factory(
            python_callable=python_callable,
            multiple_outputs=multiple_outputs,
            decorated_operator_class=decorated,
            **kwargs,
        )

    make_task.__name__ = f"{name}_task"
    make_task.__doc__ = (
        f"Make a task of a function that returns ``{returns}``; with ``batch=True`` one that returns ``inputs``. The other "
        f"parameters are those of :class:`~{operator.__module__}.{operator.__name__}`, or of the operator for many inputs."
    )
    return make_task


def _decorated(base: type[InputOperator], operator: type[Any], name: str, returned: str) -> type[Any]:
    """Return the operator whose parameter ``returned`` a function returns."""
    own = {
        "__module__": __name__,
        "custom_operator_name": f"@task.{name}",
        "returned": returned,
        "template_fields": (*base.template_fields, *operator.template_fields),
        "template_fields_renderers": {**base.template_fields_renderers, **operator.template_fields_renderers},
    }
    return type(f"{operator.__name__}WithInput", (base, operator), own)
