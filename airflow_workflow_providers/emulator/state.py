"""All that the emulator knows: vendors with their accounts, workflows and runs, the ledger, faults and the clock."""

from typing import Any

from airflow_workflow_providers.emulator.faults import FaultSchedule, build_fault
from airflow_workflow_providers.emulator.ledger import Ledger
from airflow_workflow_providers.emulator.lifecycle import DEFAULT_PACE, Clock, Pace
from airflow_workflow_providers.emulator.limits import LimitedRequests
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors import VENDORS

#: The limit of a connection to the emulator, in requests a second: the highest that a connection can have.
REQUESTS_PER_SECOND = 10_000


class State:
    """What tests read and change. It knows nothing of HTTP but the port under which its vendors can be reached."""

    def __init__(self) -> None:
        self.port = 0
        self.scheme = "http"
        self.clock = Clock()
        self.ledger = Ledger()
        self.lock = self.ledger.lock
        self.faults = FaultSchedule()
        self.limits = LimitedRequests()
        self.by_name = {kind.name: kind(self.ledger, self.clock) for kind in VENDORS}

    @property
    def url(self) -> str:
        """Where the emulator listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def vendors(self) -> tuple[str, ...]:
        """The names of the vendors."""
        return tuple(self.by_name)

    def account(self, vendor: str) -> dict[str, str]:
        """
        Return the base URL and the credentials that the vendor accepts. The credentials are random for each emulator.

        :param vendor: its name.
        :return: ``base_url``, for Laminar also ``trigger_url``, and the credentials by their names: ``api_key`` and
            whatever else the vendor has.
        :raises ValueError: if there is no such vendor.
        """
        with self.lock:
            known = self._vendor(vendor)
            return {**known.urls(f"{self.url}/{vendor}"), **known.account}

    def connection(self, vendor: str) -> dict[str, Any]:
        """
        Return an Airflow connection to the vendor, as an ``AIRFLOW_CONN_...`` variable takes it in JSON.

        :param vendor: its name.
        :return: ``conn_type``, ``host``, ``password`` and ``extra``, a dict.
        :raises ValueError: if there is no such vendor.
        """
        with self.lock:
            known = self._vendor(vendor).connection(f"{self.url}/{vendor}")
        # A vendor's own limit protects the vendor; an emulator needs no protection.
        return {**known, "extra": {**known["extra"], "requests_per_second": REQUESTS_PER_SECOND}}

    def secrets(self) -> set[str]:
        """
        Return every secret that any vendor has issued, so that a test can search for them.

        :return: also those that have been revoked.
        """
        with self.lock:
            return {secret for vendor in self.by_name.values() for secret in vendor.issued_secrets}

    def set_pace(self, seconds: float | None = None, status_checks: int | None = None) -> None:
        """
        Let runs end after a time, or at a status check. Runs that are going follow at once.

        Without a call of this, and after a reset, a run takes 2 s. A workflow with a pace of its own keeps it. A list
        of executions is a status check of each run that it shows.

        :param seconds: how long after its start, in seconds; 0: at once.
        :param status_checks: at which status check, from 1.
        :raises ValueError: unless exactly one of the two is given, and is such a number.
        """
        pace = Pace(seconds, status_checks)
        with self.lock:
            self.clock.pace = pace

    def add_workflow(self, vendor: str, workflow_id: str, **options: Any) -> dict[str, Any]:
        """
        Add a workflow, or change one, with options in the vendor's words.

        The options are the fields of the vendor's ``Workflow`` in ``emulator/vendors``, by keyword; each has a default.

        :param vendor: its name.
        :param workflow_id: the workflow's id or name, as the vendor takes it: for Datalab a number, as text, or the id of
            a pipeline, ``pl_...``; for PromptLayer a name, or the id of a table, a UUID.
        :return: how it is called: ``workflow_id``, and besides for Refold ``alias`` and ``slug``, for PromptLayer
            ``workflow_name``, for Laminar ``surface`` and ``path``.
        :raises ValueError: if there is no such vendor or option, or it cannot have this value.
        """
        with self.lock:
            return self._vendor(vendor).add_workflow(workflow_id, **options)

    def configure(self, vendor: str, **options: Any) -> None:
        """
        Choose between variants where a vendor's pages leave open what it does, or say it in two ways.

        The options are keywords; the error for a wrong one lists them.

        :param vendor: its name.
        :raises ValueError: if there is no such vendor or option, or it cannot have this value.
        """
        with self.lock:
            self._vendor(vendor).configure(**options)

    def limit(self, factor: float | None = 1.0) -> None:
        """
        Reject requests above the rate limits that vendors document, with 429. No limit holds without a call of this.

        Refold has 20 requests a second and 5 at once, Datalab 400 a minute for each address of its API, and Altostrat, on its
        older page, 60 a minute. The others document none.

        :param factor: by how much the limits are scaled; ``None``: no limit holds any more.
        :raises ValueError: if it is not a number above 0.
        """
        with self.lock:
            self.limits.scale(factor)

    def fail(
        self,
        vendor: str,
        operation: str,
        fault: str,
        times: int | None = 1,
        after: int = 0,
        *,
        after_end: bool = False,
        workflow_id: str | None = None,
        **options: Any,
    ) -> None:
        """
        Schedule a fault for requests to come.

        Several faults of one operation follow one another. A fault's options are keywords; ``faults.FAULTS`` has the
        class of each fault, whose fields are its options.

        :param vendor: its name.
        :param operation: which requests, by the name that the ledger gives them; the error for a wrong one lists them.
        :param fault: its name.
        :param times: for how many requests; ``None``: for all. Default: one.
        :param after: how many requests pass before.
        :param after_end: only requests for a run whose end the client knows: a response about this run alone, not a list,
            has reported it without a fault.
        :param workflow_id: only requests for this workflow, as it is called, and for its runs; default: all.
        :raises ValueError: if there is no such vendor, operation, fault or option, or it cannot have this value.
        """
        routes = {route.operation: route for route in self._vendor(vendor).routes}
        if operation not in routes:
            raise ValueError(f"{vendor} has no operation {operation!r}; it has {', '.join(routes)}.")
        built = build_fault(fault, options)
        if not built.fits(routes[operation]):
            raise ValueError(f"Operation {operation!r} returns no status that could be unknown.")
        with self.lock:
            self.faults.add(
                vendor,
                operation,
                built,
                times=times,
                after=after,
                after_end=after_end,
                workflow_id=workflow_id,
            )

    def release(self) -> None:
        """Send all responses that the fault ``hold`` holds back."""
        with self.lock:
            self.faults.release()

    def revoke(self, vendor: str) -> dict[str, str]:
        """
        Renew the vendor's secrets; the old ones are refused from now on.

        :param vendor: its name.
        :return: the new account, as from :meth:`account`.
        :raises ValueError: if there is no such vendor.
        """
        with self.lock:
            self._vendor(vendor).revoke()
            return self.account(vendor)

    def requests(self, vendor: str | None = None, operation: str | None = None) -> list[dict[str, Any]]:
        """
        Return the requests received, oldest first, without any secret.

        :param vendor: only those of this vendor; default: of all.
        :param operation: only those of this operation; default: of all.
        :return: for each ``n`` (from 1), ``at`` (seconds since the epoch), ``vendor``, ``operation``, ``method``,
            ``path``, ``query``, ``headers``, ``body`` (a file in it as its size and digest), ``status`` (``None``: no
            response), ``fault``, ``execution_id`` and ``workflow_id`` (``None`` where there is none).
        """
        return self.ledger.requests(vendor, operation)

    def runs(self, vendor: str | None = None) -> list[dict[str, Any]]:
        """
        Return the runs started, oldest first. Reading them is not a status check.

        :param vendor: only those of this vendor; default: of all.
        :return: for each ``vendor``, ``execution_id``, ``workflow_id``, ``input``, ``started_at`` (seconds since the
            epoch), ``status`` (the vendor's), ``is_terminal``, ``stops`` (how often it was stopped while it was going),
            ``tag``, ``mode`` (``SYNC`` or ``ASYNC``), ``id_received`` (False: its client never received the id), and
            what only this vendor keeps of a run.
        """
        return self.ledger.runs(vendor)

    def reset(self) -> None:
        """Forget runs, requests, faults, limits, added workflows, variants and pace; the accounts stay."""
        with self.lock:
            self.ledger.reset()
            self.faults.reset()
            self.limits.scale(None)
            self.clock.pace = DEFAULT_PACE
            for vendor in self.by_name.values():
                vendor.reset()

    def _vendor(self, name: str) -> EmulatedVendor[Any]:
        if name not in self.by_name:
            raise ValueError(f"There is no vendor {name!r}; there are {', '.join(self.by_name)}.")
        return self.by_name[name]
