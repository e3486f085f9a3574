"""A vendor, as far as all are alike: keys in a header, workflows by name, runs that are looked at by their id.

A vendor's own class describes its routes and how it words an error, and overrides what it does in a manner of its own.
It never reads a socket, checks a fault or writes a call down: ``door`` does these once, around every vendor's handlers.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from airflow_workflow_providers.emulator.ledger import Ledger, Run
from airflow_workflow_providers.emulator.lifecycle import Clock, Life
from airflow_workflow_providers.emulator.shape import Answer, Asked, Route, padded
from airflow_workflow_providers.emulator.workflow import AnyWorkflow

W = TypeVar("W", bound=AnyWorkflow)


class Vendor(ABC, Generic[W]):
    """What a vendor brings: name, routes, credentials, workflows, its manner of refusing, and a reset."""

    name: ClassVar[str]
    #: The workflows that are there without being added.
    built_in: tuple[W, ...]
    #: Headers that carry a secret; their values never reach the ledger.
    secret_headers: ClassVar[tuple[str, ...]]
    #: What stands before a secret in the first of them.
    scheme: ClassVar[str] = ""
    #: Query parameters that carry one, where a vendor takes it there.
    secret_parameters: ClassVar[tuple[str, ...]] = ()
    #: The members of an account that are secret, and that a revocation renews.
    secrets: ClassVar[tuple[str, ...]]
    #: What the vendor's pages leave open or say in two ways: what each may be set to, the default first.
    choices: ClassVar[Mapping[str, tuple[Any, ...]]] = MappingProxyType({})
    #: The member of a look's body that has the run's output.
    output: ClassVar[str] = "output"

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.account = self.credentials()
        self.issued = {self.account[name] for name in self.secrets}
        self.routes = self.describe()
        self.reset()

    @abstractmethod
    def describe(self) -> tuple[Route, ...]:
        """Return the vendor's routes, called once."""

    @abstractmethod
    def error(self, operation: str, status: int, message: str | None = None) -> Answer:
        """Return an error as the vendor words it."""

    # -- who may come in --------------------------------------------------------------------------------------

    def credentials(self) -> dict[str, str]:
        """Return new random credentials, each long enough to search a log for."""
        return {name: secrets.token_urlsafe(32) for name in self.secrets}

    def revoke(self) -> None:
        """Renew the secrets; the old ones open nothing any more but are still kept out of the ledger."""
        fresh = self.credentials()
        self.account = {**self.account, **{name: fresh[name] for name in self.secrets}}
        self.issued |= {self.account[name] for name in self.secrets}

    def addresses(self, base_url: str) -> dict[str, str]:
        """Return where the vendor listens, as an account names it; some have more than one address."""
        return {"base_url": base_url}

    def connection(self, base_url: str) -> dict[str, Any]:
        """Return an Airflow connection to this vendor, as ``AIRFLOW_CONN_...`` takes it in JSON."""
        password = self.account[self.secrets[0]]
        return {"conn_type": self.name, "host": base_url, "password": password, "extra": {}}

    def refuse(self, asked: Asked) -> Answer | None:
        """Return the vendor's refusal of a caller that may not come in, or None."""
        right = [self.scheme + self.account[name] for name in self.secrets]
        given = asked.headers.get(self.secret_headers[0])
        return None if given in right else self.error(asked.operation, 401)

    # -- workflows and habits ---------------------------------------------------------------------------------

    def reset(self) -> None:
        """Go back to the workflows and habits that are built in; forget runs."""
        self.workflows: dict[Any, W] = {workflow.key: workflow for workflow in self.built_in}
        self.held: dict[str, tuple[Run, W]] = {}
        self.chosen = {name: values[0] for name, values in self.choices.items()}

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """Take in one more workflow, described in the vendor's words, and say how it can be called."""
        workflow = type(self.built_in[0]).described(workflow_id, options)
        self.workflows[workflow.key] = workflow
        return {"workflow_id": workflow_id}

    def configure(self, **options: Any) -> None:
        """Choose between things that the vendor does now so, now so."""
        for name, value in options.items():
            if not any(value == it and type(value) is type(it) for it in self.choices.get(name, ())):
                known = "; ".join(
                    f"{key}: {' or '.join(map(str, values))}" for key, values in self.choices.items()
                )
                raise ValueError(
                    f"{type(self).__name__} cannot be set to {name}={value!r}; there are {known or 'no choices'}."
                )
        self.chosen.update(options)

    def workflow_of(self, asked: Asked) -> str | None:
        """Return the workflow that a call names in its path, if it names one."""
        return asked.where.get("workflow_id")

    # -- runs -------------------------------------------------------------------------------------------------

    def life(self, workflow: W, *passes: str) -> Life:
        """Return the way of a run of this workflow, which begins now and passes these statuses before its end."""
        return Life(passes, workflow.ends, self.clock.now(), workflow.pace)

    def begin(self, run: Run, workflow: W) -> Run:
        """Take in a run that has just begun."""
        self.ledger.add_run(run)
        self.held[run.execution_id] = (run, workflow)
        return run

    def look(self, run: Run) -> str:
        """Look at a run, and return its status."""
        return run.life.look(self.clock.now(), self.clock.pace)

    def word(self, run: Run) -> str:
        """Return the status of a run, without its counting as a look."""
        return run.life.word(self.clock.now(), self.clock.pace)

    def over(self, run: Run) -> bool:
        """Whether nothing will change any more."""
        return run.life.over(self.clock.now(), self.clock.pace)

    def over_unlooked(self, run: Run) -> bool:
        """Whether a call that waits for the run may be answered; its caller cannot look, so none is waited for."""
        run.life.skip_looks(self.clock.pace)
        return self.over(run)

    def stop(self, run: Run, *words: str) -> None:
        """Let a run that is going on pass these statuses, and stay at the last."""
        if not self.over(run):
            run.stops += 1
            run.life.divert(*words)

    # -- what a fault does to an answer -----------------------------------------------------------------------

    def with_status(self, body: Any, word: Any) -> Any:
        """Return a look's body with this status in it instead of the true one."""
        return {**body, "status": word} if "status" in body else body

    def with_output_of(self, body: Any, size: int) -> Any:
        """Return a body whose output is this many bytes of JSON long; without one, the body itself is."""
        output = body.get(self.output)
        return padded(body, size) if output is None else {**body, self.output: padded(output, size)}
