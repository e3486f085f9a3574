"""The emulator itself: its vendors, its memory, and the Python API that tests use."""

import secrets
from typing import Any

from starlette.applications import Starlette
from typing_extensions import Self

from airflow_workflow_providers.emulator.control import control_routes
from airflow_workflow_providers.emulator.door import Door
from airflow_workflow_providers.emulator.faults import Faults, checked
from airflow_workflow_providers.emulator.ledger import Ledger
from airflow_workflow_providers.emulator.lifecycle import DEFAULT_PACE, Clock, Pace
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.vendors import VENDORS
from airflow_workflow_providers.emulator.wire import Listener


class Emulator:
    """
    Every vendor on one port of 127.0.0.1, served by a daemon thread; safe to use from any thread.

    Used as a context manager, or with :meth:`start` and :meth:`stop`.

    :param port: the port to listen on; 0 takes a free one below 32768.
    """

    def __init__(self, port: int = 0) -> None:
        self._control_token = secrets.token_urlsafe(32)
        self._clock = Clock()
        self._ledger = Ledger(self._clock)
        self._faults = Faults()
        self._vendors = {kind.name: kind(self._ledger, self._clock) for kind in VENDORS}
        doors = [Door(vendor, self._ledger, self._faults).mount() for vendor in self._vendors.values()]
        self._listener = Listener(Starlette(routes=[*control_routes(self), *doors]), port)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; returns once a client can connect."""
        self._listener.start()

    def stop(self) -> None:
        """End at once, breaking off calls that hang; leaves no thread and no socket."""
        self._listener.stop()

    @property
    def url(self) -> str:
        """Where the emulator listens."""
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def control_url(self) -> str:
        """Where it is controlled from another process, with :attr:`control_token`."""
        return f"{self.url}/_control"

    @property
    def control_token(self) -> str:
        """What a request to :attr:`control_url` needs, as ``Authorization: Bearer``; random for each emulator."""
        return self._control_token

    @property
    def vendors(self) -> tuple[str, ...]:
        """The names of the vendors."""
        return tuple(self._vendors)

    def account(self, vendor: str) -> dict[str, str]:
        """
        Return the base URL and the credentials, random for each emulator, that the vendor accepts.

        :param vendor: its name.
        :return: ``base_url``, for Laminar ``trigger_url`` too, and the credentials by their names: ``api_key`` and what
            else the vendor has.
        :raises ValueError: if there is no such vendor.
        """
        with self._ledger.lock:
            known = self._vendor(vendor)
            return {**known.addresses(self._base_url(vendor)), **known.account}

    def connection(self, vendor: str) -> dict[str, Any]:
        """
        Return an Airflow connection to the vendor, fit for an ``AIRFLOW_CONN_...`` variable as JSON.

        :param vendor: its name.
        :return: ``conn_type``, ``host``, ``password`` and ``extra``, a dict.
        :raises ValueError: if there is no such vendor.
        """
        with self._ledger.lock:
            return self._vendor(vendor).connection(self._base_url(vendor))

    def secrets(self) -> set[str]:
        """
        Return every secret that any vendor has issued, so that a test can search for them.

        :return: those that were revoked since, too.
        """
        with self._ledger.lock:
            return {secret for vendor in self._vendors.values() for secret in vendor.issued}

    def set_pace(self, seconds: float | None = None, looks: int | None = None) -> None:
        """
        Let a run be over this long after its start, or at such a look; runs that are going follow at once.

        Before the first call of this, and after a reset, it is 2 s. A workflow with a pace of its own keeps that.

        :param seconds: how long after its start, in seconds; 0: at once.
        :param looks: at which look, from 1.
        :raises ValueError: unless exactly one of the two is given, and is such a number.
        """
        pace = Pace(seconds, looks)
        with self._ledger.lock:
            self._clock.pace = pace

    def add_workflow(self, vendor: str, workflow_id: str, **options: Any) -> dict[str, Any]:
        """
        Add a workflow, or change one, with options in the vendor's words.

        The options are the fields of the vendor's ``Workflow`` in ``emulator/vendors``, by keyword; each has a default.

        :param vendor: its name.
        :param workflow_id: the workflow's id or name, as the vendor takes it: for Datalab a number, as text.
        :return: how it can be called: ``workflow_id``, and besides for Refold ``alias`` and ``slug``, for PromptLayer
            ``workflow_name``, for Laminar ``surface`` and ``path``.
        :raises ValueError: if there is no such vendor or option, or a value makes no sense.
        :raises TypeError: if a value is of a type that the vendor does not take.
        """
        with self._ledger.lock:
            return self._vendor(vendor).add_workflow(workflow_id, **options)

    def configure(self, vendor: str, **options: Any) -> None:
        """
        Choose between things that the vendor is known to do now so, now so.

        The options are keywords; which there are, a wrong one tells.

        :param vendor: its name.
        :raises ValueError: if there is no such vendor or option, or it cannot be set so; names those that there are.
        """
        with self._ledger.lock:
            self._vendor(vendor).configure(**options)

    def fail(  # the options are the fault's
        self,
        vendor: str,
        operation: str,
        fault: str,
        times: int | None = 1,
        after: int = 0,
        *,
        workflow_id: str | None = None,
        **options: Any,
    ) -> None:
        """
        Script a fault for calls to come.

        Several scripts for one operation follow one another. A fault's options are keywords; see ``faults.FAULTS`` for
        names, options and their defaults.

        :param vendor: its name.
        :param operation: which calls, by the name that the ledger gives them; a wrong one tells those that there are.
        :param fault: its name.
        :param times: for how many calls; ``None``: for all. Default: one.
        :param after: how many calls to let pass before.
        :param workflow_id: only calls of this workflow, as it is called, and of its runs are meant and counted;
            default: all.
        :raises ValueError: if there is no such vendor, operation, fault or option, or a value makes no sense.
        """
        routes = {route.operation: route for route in self._vendor(vendor).routes}
        if operation not in routes:
            raise ValueError(f"{vendor} has no operation {operation!r}; it has {', '.join(routes)}.")
        scripted = checked(fault, options)
        of_status = fault == "unknown_status" or (fault == "garbled" and scripted.options["field"] is None)
        if of_status and not routes[operation].looks:
            raise ValueError(f"Operation {operation!r} answers no status that could be unknown.")
        with self._ledger.lock:
            self._faults.add(vendor, operation, scripted, times, after, workflow_id=workflow_id)

    def release(self) -> None:
        """Let all answers go that the fault ``hold`` holds back."""
        with self._ledger.lock:
            self._faults.releases += 1

    def revoke(self, vendor: str) -> dict[str, str]:
        """
        Renew the vendor's secrets; the old ones are refused from now on.

        :param vendor: its name.
        :return: the new account, as from :meth:`account`.
        :raises ValueError: if there is no such vendor.
        """
        with self._ledger.lock:
            self._vendor(vendor).revoke()
            return self.account(vendor)

    def calls(self, vendor: str | None = None, operation: str | None = None) -> list[dict[str, Any]]:
        """
        Return the calls received, oldest first, without any secret.

        :param vendor: only those of this one; default: of all.
        :param operation: only those of this operation; default: of all.
        :return: for each ``n`` (from 1), ``at`` (seconds since the epoch), ``vendor``, ``operation``, ``method``,
            ``path``, ``query``, ``headers``, ``body``, ``status`` (``None``: not answered), ``fault``, ``execution_id``
            and ``workflow_id`` (``None`` where there is none).
        """
        return self._ledger.calls(vendor, operation)

    def runs(self, vendor: str | None = None) -> list[dict[str, Any]]:
        """
        Return the runs started, oldest first. Reading them here is not a look.

        :param vendor: only those of this one; default: of all.
        :return: for each ``vendor``, ``execution_id``, ``workflow_id``, ``input``, ``started_at`` (seconds since the
            epoch), ``status`` (the vendor's word), ``over``, ``stops`` (how often it was stopped while it was going),
            ``tag``, ``mode`` (``SYNC`` or ``ASYNC``), ``answered`` (False: its caller was never told of it), and what
            the vendor alone keeps of a run.
        """
        return self._ledger.runs(vendor)

    def reset(self) -> None:
        """Forget runs, calls, faults, added workflows, settings and pace; the accounts stay."""
        with self._ledger.lock:
            self._ledger.reset()
            self._faults.reset()
            self._clock.pace = DEFAULT_PACE
            for vendor in self._vendors.values():
                vendor.reset()

    def _base_url(self, vendor: str) -> str:
        return f"{self.url}/{vendor}"

    def _vendor(self, name: str) -> Vendor[Any]:
        if name not in self._vendors:
            raise ValueError(f"There is no vendor {name!r}; there are {', '.join(self._vendors)}.")
        return self._vendors[name]
