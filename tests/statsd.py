"""A statsd server on loopback, for which Airflow's own client sends the metrics of a test."""

from __future__ import annotations

import inspect
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from airflow_workflow_providers.compat import Stats


@dataclass(frozen=True)
class Received:
    """
    One metric, as it has arrived.

    :param name: with Airflow's own prefix.
    :param tags: in the form of InfluxDB, which Airflow puts them in.
    :param value: of the metric.
    :param kind: statsd's word: ``c``, a counter, or ``ms``, a timer.
    """

    name: str
    tags: tuple[tuple[str, str], ...]
    value: float
    kind: str

    @classmethod
    def read(cls, line: str) -> Received:
        """Read a line of the protocol."""
        name, _, rest = line.partition(":")
        value, _, kind = rest.partition("|")
        name, *tags = name.split(",")
        return cls(
            name,
            tuple(sorted((k, v) for k, _, v in (tag.partition("=") for tag in tags))),
            float(value),
            kind,
        )

    def tag(self, name: str) -> str:
        """Return the value of a tag."""
        return dict(self.tags)[name]


class Statsd:
    """
    The server. Nothing has to wait for it: what was sent over loopback is there.

    :param socket: where it listens.
    """

    def __init__(self, socket: socket.socket) -> None:
        self._socket = socket
        self._socket.setblocking(False)
        self._lines: list[Received] = []

    @property
    def port(self) -> int:
        """The UDP port."""
        return int(self._socket.getsockname()[1])

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables of an Airflow that sends its metrics here."""
        settings = {"ON": "True", "HOST": "127.0.0.1", "PORT": str(self.port), "INFLUXDB_ENABLED": "True"}
        return {f"AIRFLOW__METRICS__STATSD_{name}": value for name, value in settings.items()}

    @property
    def received(self) -> list[Received]:
        """All metrics of this package, and those of Airflow's resumed jobs, that have arrived so far."""
        while True:
            try:
                datagram = self._socket.recv(65536)
            except BlockingIOError:
                break
            self._lines += map(Received.read, datagram.decode().splitlines())
        ours = ("airflow.workflow_providers.", "airflow.resumable_job.")
        return [each for each in self._lines if each.name.startswith(ours)]

    def of(self, name: str) -> list[Received]:
        """
        Return the metrics of a name.

        :param name: without ``airflow.workflow_providers.``.
        """
        return [each for each in self.received if each.name == f"airflow.workflow_providers.{name}"]

    def total(self, name: str, **tags: str) -> int:
        """
        Return the sum of a counter.

        :param name: without its prefix.
        :param tags: of these values only.
        """
        wanted = set(tags.items())
        return int(sum(each.value for each in self.of(name) if wanted <= set(each.tags)))

    def by(self, tag: str, name: str) -> dict[str, int]:
        """
        Return the sums of a counter by the value of a tag.

        :param tag: the tag.
        :param name: without its prefix.
        """
        sums: Counter[str] = Counter()
        for each in self.of(name):
            sums[each.tag(tag)] += int(each.value)
        return dict(sums)

    @property
    def resumed(self) -> list[str]:
        """The metrics under Airflow's own names, in their order."""
        return [
            each.name.removeprefix("airflow.resumable_job.")
            for each in self.received
            if "resumable" in each.name
        ]


def read_settings() -> None:
    """Let Airflow read its settings of metrics, as it does at the begin of a process."""
    try:
        from airflow.sdk.observability.metrics.stats_utils import get_stats_factory  # noqa: PLC0415
    except ImportError:  # Airflow 3.1 reads them when the class is made
        meta = type(Stats)
        del meta.factory
        meta.__init__(Stats)
        Stats.instance = None
        return
    factory = (
        get_stats_factory(Stats) if inspect.signature(get_stats_factory).parameters else get_stats_factory()
    )
    more = inspect.signature(Stats.initialize).parameters.keys() & {"export_legacy_names"}
    Stats.initialize(factory=factory, **dict.fromkeys(more, False))


@contextmanager
def receiving() -> Iterator[Statsd]:
    """Receive the metrics of an Airflow with the settings of the server, until the end of the context."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        listener.bind(("127.0.0.1", 0))
        yield Statsd(listener)


@contextmanager
def listening() -> Iterator[Statsd]:
    """Let the Airflow of this process send its metrics to a server, until the end of the context."""
    with receiving() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.settings.items():
            patch.setenv(name, value)
        read_settings()
        yield server
        patch.undo()
        read_settings()
