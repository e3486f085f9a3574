"""What the workflows of all vendors have in common; a vendor's own class adds its fields."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from typing_extensions import Self

from airflow_workflow_providers.emulator import options as checked
from airflow_workflow_providers.emulator.lifecycle import Pace

#: A placeholder in an output: the input of the run.
INPUT = "{input}"

W = TypeVar("W", bound="EmulatedWorkflow")


@dataclass(frozen=True, kw_only=True)
class EmulatedWorkflow:
    """
    A workflow. The first field of a vendor's own class is its name, as it is in a path.

    :param seconds: its own pace; or ``status_checks``.
    """

    #: Whether a name may contain slashes.
    slashes: ClassVar[bool] = False

    seconds: float | None = None
    status_checks: int | None = None

    def __post_init__(self) -> None:
        name = getattr(self, name_field(type(self)))
        if isinstance(name, str) and (not name or ("/" in name and not self.slashes)):
            raise ValueError("A workflow's name is one segment of a path.")
        self.pace  # noqa: B018  # an invalid pace is refused here, not when the workflow runs

    @property
    def pace(self) -> Pace | None:
        """Its own pace, if it has one."""
        if self.seconds is None and self.status_checks is None:
            return None
        return Pace(self.seconds, self.status_checks)

    @property
    def ends(self) -> str | None:
        """The status in which its runs end, None for runs that never end; usually a field."""
        raise NotImplementedError

    @property
    def key(self) -> Any:
        """What it is looked up by: its name, unless a vendor knows it by more."""
        return getattr(self, name_field(type(self)))

    @classmethod
    def from_options(cls, name: Any, options: dict[str, Any]) -> Self:
        """Return a workflow of this name with these options."""
        named = name_field(cls)
        if named in options:
            raise ValueError(f"A workflow has no option {named!r} beside its name.")
        return checked.from_options(cls, {named: name, **options}, "a workflow")


def name_field(kind: type[EmulatedWorkflow]) -> str:
    """Return the field that is the name of a vendor's workflows."""
    return next(field.name for field in fields(kind) if not field.kw_only)


def fill_input(template: Any, given: Any) -> Any:
    """Return an output with the run's input in place of each :data:`INPUT`."""
    if template == INPUT:
        return given
    if isinstance(template, dict):
        return {key: fill_input(value, given) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_input(value, given) for value in template]
    return template
