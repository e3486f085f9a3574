"""What the decorators of all vendors share: a function that returns the input of an operator."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    DecoratedOperator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from airflow_workflow_providers.compat import SET_DURING_EXECUTION
from airflow_workflow_providers.core.errors import InvalidInput

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, TaskDecorator


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

    def __init_subclass__(cls, **kwargs: Any) -> None:
        operator = cls.__bases__[1]
        cls.template_fields = (*DecoratedOperator.template_fields, *operator.template_fields)  # type: ignore[attr-defined]  # an operator
        cls.template_fields_renderers = {
            **DecoratedOperator.template_fields_renderers,
            **operator.template_fields_renderers,  # type: ignore[attr-defined]  # the same
        }
        super().__init_subclass__(**kwargs)

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
        context_merge(context, self.op_kwargs)
        arguments = determine_kwargs(self.python_callable, self.op_args, context)
        given = self.python_callable(*self.op_args, **arguments)
        if given is None:
            name = getattr(self.python_callable, "__name__", "of this task")
            raise InvalidInput(
                f"Function {name} has returned None. It must return {self.returned}, the input; nothing was started."
            )
        setattr(self, self.returned, given)
        return super().execute(context)


def decorator(operator: type[Any], name: str, *, returns: str) -> Callable[..., TaskDecorator]:
    """
    Make the decorator of an operator.

    :param operator: the vendor's.
    :param name: of the decorator: ``@task.<name>``.
    :param returns: the parameter of the operator that the function returns.
    :return: what Airflow looks up by the name: it makes a task of a function.
    """
    own = {"__module__": __name__, "custom_operator_name": f"@task.{name}", "returned": returns}
    decorated = type(f"{operator.__name__}WithInput", (InputOperator, operator), own)

    def make_task(
        python_callable: Callable[..., Any] | None = None, *, multiple_outputs: bool = False, **kwargs: Any
    ) -> TaskDecorator:
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
        f"Make a task of a function that returns ``{returns}``. The other parameters are those of "
        f":class:`~{operator.__module__}.{operator.__name__}`."
    )
    return make_task
