"""
What all emulated vendors have in common: keys in a header, workflows by name, runs by id.

A vendor's own class describes its routes and its errors, and overrides what the vendor does differently. It reads no
socket, applies no fault and records no request: ``app`` does that for every vendor.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Generic

from airflow_workflow_providers.emulator.ledger import Ledger, Run
from airflow_workflow_providers.emulator.lifecycle import Clock, Lifecycle
from airflow_workflow_providers.emulator.limits import Limit
from airflow_workflow_providers.emulator.messages import Incoming, Pending, Reply, Route, WebSocketRoute
from airflow_workflow_providers.emulator.workflow import W


class EmulatedVendor(ABC, Generic[W]):
    """One vendor: its name, routes, credentials, workflows, runs and errors."""

    name: ClassVar[str]
    #: The workflows that exist without being added.
    default_workflows: tuple[W, ...]
    #: Headers that carry a secret; their values never reach the ledger. The first one authenticates.
    secret_headers: ClassVar[tuple[str, ...]]
    #: The prefix of a secret in the first of them.
    scheme: ClassVar[str] = ""
    #: Query parameters that carry a secret.
    secret_parameters: ClassVar[tuple[str, ...]] = ()
    #: The fields of an account that are secret, and that a revocation renews.
    secrets: ClassVar[tuple[str, ...]]
    #: What the vendor's pages leave open or say in two ways: the values of each, the default first.
    variants: ClassVar[Mapping[str, tuple[Any, ...]]] = MappingProxyType({})

    #: The rate limit of an account that the vendor's pages document; None if they document none.
    rate_limit: ClassVar[Limit | None] = None

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.account = self.new_credentials()
        self.issued_secrets = {self.account[name] for name in self.secrets}
        self.routes = self.build_routes()
        self.reset()

    @abstractmethod
    def build_routes(self) -> tuple[Route, ...]:
        """Return the vendor's routes; called once."""

    def websockets(self) -> tuple[WebSocketRoute, ...]:
        """Return the vendor's websockets; none, unless it has one."""
        return ()

    @abstractmethod
    def error(self, operation: str, status: int, message: str | None = None) -> Reply:
        """Return an error in the vendor's words."""

    # -- authentication ---------------------------------------------------------------------------------------

    def new_credentials(self) -> dict[str, str]:
        """Return new random credentials, each long enough to search a log for."""
        return {name: secrets.token_urlsafe(32) for name in self.secrets}

    def revoke(self) -> None:
        """Renew the secrets; the old ones are refused, and still kept out of the ledger."""
        fresh = self.new_credentials()
        self.account = {**self.account, **{name: fresh[name] for name in self.secrets}}
        self.issued_secrets |= {self.account[name] for name in self.secrets}

    def urls(self, base_url: str) -> dict[str, str]:
        """Return the vendor's URLs, by the names of an account's fields."""
        return {"base_url": base_url}

    def connection(self, base_url: str) -> dict[str, Any]:
        """Return an Airflow connection to this vendor, as ``AIRFLOW_CONN_...`` takes it in JSON."""
        password = self.account[self.secrets[0]]
        return {"conn_type": self.name, "host": base_url, "password": password, "extra": {}}

    def authenticate(self, incoming: Incoming) -> Reply | None:
        """Return the vendor's refusal of a request without valid credentials, or None."""
        valid = [self.scheme + self.account[name] for name in self.secrets]
        given = incoming.headers.get(self.secret_headers[0])
        return None if given in valid else self.error(incoming.operation, 401)

    def counted_as(self, operation: str) -> str | None:  # noqa: ARG002  # a vendor may count each by itself
        """Return a name for the requests that the limit counts together with this one; None if it does not count this one."""
        return "account"

    # -- workflows and variants -------------------------------------------------------------------------------

    def reset(self) -> None:
        """Go back to the default workflows and variants; forget runs."""
        self.workflows: dict[Any, W] = {workflow.key: workflow for workflow in self.default_workflows}
        self.runs: dict[str, tuple[Run, W]] = {}
        self.variant = {name: values[0] for name, values in self.variants.items()}

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Add a workflow with options in the vendor's words, and return how it is called."""
        workflow = type(self.default_workflows[0]).from_options(workflow_id, options)
        self.workflows[workflow.key] = workflow
        return {"workflow_id": workflow_id}

    def configure(self, **options: Any) -> None:
        """Choose between the variants of what the vendor does."""
        for name, value in options.items():
            if name not in self.variants or not self.has_variant(name, value):
                known = "; ".join(f"{key}: {self.values_of(key)}" for key in self.variants)
                raise ValueError(
                    f"{type(self).__name__} cannot be set to {name}={value!r}; variants: {known or 'none'}."
                )
        self.variant.update(options)

    def has_variant(self, name: str, value: Any) -> bool:
        """Whether a variant can have this value."""
        return any(value == known and type(value) is type(known) for known in self.variants[name])

    def values_of(self, name: str) -> str:
        """Say which values a variant can have."""
        return " or ".join(map(str, self.variants[name]))

    def workflow_id_of(self, incoming: Incoming) -> str | None:
        """Return the workflow that a request names in its path, if it names one."""
        return incoming.path_params.get("workflow_id")

    def execution_id_of(self, incoming: Incoming) -> str | None:
        """Return the run that a request names in its path, if it names one."""
        return incoming.path_params.get("execution_id")

    # -- runs -------------------------------------------------------------------------------------------------

    def lifecycle(self, workflow: W, *statuses: str) -> Lifecycle:
        """Return the lifecycle of a run that starts now, with these statuses before its end."""
        return Lifecycle(self.clock, statuses, workflow.ends, workflow.pace)

    def start(self, run: Run, workflow: W) -> Run:
        """Record a run that has just started."""
        self.ledger.add_run(run)
        self.runs[run.execution_id] = (run, workflow)
        return run

    def when_ended(self, run: Run, reply: Callable[[], Reply]) -> Pending:
        """Return the reply to a blocking request, whose client makes no status checks while it waits."""

        def ready() -> bool:
            run.lifecycle.finish_if_paced_by_checks()
            return run.lifecycle.is_terminal

        return Pending(ready, reply, run.execution_id)

    # -- what a fault changes in a reply ----------------------------------------------------------------------

    def with_status(self, body: Any, status: Any) -> Any:
        """Return the body of a status reply with this status instead of the true one."""
        return {**body, "status": status} if "status" in body else body

    @abstractmethod
    def with_output_size(self, body: Any, size: int) -> Any:
        """Return a body whose output is this many bytes of JSON; without an output, the body itself is."""
