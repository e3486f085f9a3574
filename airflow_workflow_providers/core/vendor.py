"""What a module of ``apis/`` says of its vendor. The module itself is the vendor: a type checker holds it to this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from airflow_workflow_providers.core.call import Answer, Call
from airflow_workflow_providers.core.execution import Execution


class Vendor(Protocol):
    """One vendor's HTTP, described."""

    #: Where paths begin, unless the connection says otherwise.
    BASE_URL: str

    #: From the secret and the vendor's own extra fields to the headers that sign a request in.
    credentials: Callable[..., dict[str, str]]

    def explain(self, answer: Answer) -> str | None:
        """Return the vendor's words from an error answer."""

    def check(self) -> Call[Any] | None:
        """Describe a cheap call that only a right connection can make; ``None`` where the vendor has none."""

    def look(self, execution_id: str) -> Call[Execution]:
        """Describe a look at a run: the cheapest that the vendor has, whose answer need not hold the output."""

    def get_execution(self, execution_id: str) -> Call[Execution]:
        """Describe the read of a run with its output."""

    def stop_execution(self, execution_id: str) -> Call[str] | None:
        """Describe the stop of a run; ``None`` where the vendor cannot stop one."""

    def execution_url(self, base_url: str, execution_id: str) -> str | None:
        """Return the page where a person sees the run, if the vendor has one."""
