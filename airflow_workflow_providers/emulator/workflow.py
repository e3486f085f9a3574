"""What every vendor's workflows have in common; a vendor's own adds how it is named and how its runs go."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from typing_extensions import Self

from airflow_workflow_providers.emulator.lifecycle import Pace

#: Stands in an output for the input of the run.
ECHO = "{input}"

W = TypeVar("W", bound="AnyWorkflow")


@dataclass(frozen=True, kw_only=True)
class AnyWorkflow:
    """A workflow. The first field of a vendor's own is its name, as it stands in a path.

    :param seconds: its own pace; or ``looks``.
    """

    #: Whether a name may hold slashes.
    slashes: ClassVar[bool] = False

    seconds: float | None = None
    looks: int | None = None

    def __post_init__(self) -> None:
        name = getattr(self, name_of(type(self)))
        if isinstance(name, str) and (not name or ("/" in name and not self.slashes)):
            raise ValueError("A workflow's name is one part of a path.")
        self.pace  # noqa: B018 - a pace that is none is refused here, not when the workflow runs

    @property
    def pace(self) -> Pace | None:
        """Its own pace, if it has one."""
        return None if self.seconds is None and self.looks is None else Pace(self.seconds, self.looks)

    @property
    def ends(self) -> str | None:
        """The status that its runs reach, None for runs that never end; usually a field of its own."""
        raise NotImplementedError

    @property
    def key(self) -> Any:
        """What it is looked up by: its name, unless a vendor knows it by more."""
        return getattr(self, name_of(type(self)))

    @classmethod
    def described(cls, name: Any, options: dict[str, Any]) -> Self:
        """Return a workflow of this name with these options, or refuse those that there are not."""
        unknown = options.keys() - {field.name for field in fields(cls)} | options.keys() & {name_of(cls)}
        if unknown:
            raise ValueError(f"A workflow has no {', '.join(sorted(unknown))}.")
        return cls(**{name_of(cls): name, **options})


def name_of(kind: type[AnyWorkflow]) -> str:
    """Return how a vendor calls the name of its workflows."""
    return next(field.name for field in fields(kind) if not field.kw_only)


def filled(template: Any, given: Any) -> Any:
    """Return an output with a run's input wherever :data:`ECHO` stands in it."""
    if template == ECHO:
        return given
    if isinstance(template, dict):
        return {key: filled(value, given) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, given) for value in template]
    return template
