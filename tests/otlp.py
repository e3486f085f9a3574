"""A server on loopback that receives spans in the protocol of OpenTelemetry, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from dev.real_airflow import free_port


class Spans:
    """
    The spans that have arrived so far.

    :param port: where the server listens.
    """

    def __init__(self, port: int) -> None:
        self.settings = {
            "AIRFLOW__TRACES__OTEL_ON": "True",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            # Airflow chooses the exporter by this name; the default one speaks gRPC.
            "OTEL_TRACES_EXPORTER": "otlp_proto_http",
            # The process of a task ends soon after its span.
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        self._spans: list[Any] = []
        self._lock = threading.Lock()

    def add(self, body: bytes) -> None:
        """Keep the spans of a request."""
        request = ExportTraceServiceRequest.FromString(body)
        found = [
            span
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        ]
        with self._lock:
            self._spans += found

    def named(self, name: str) -> list[Any]:
        """Return the spans of a name, in the order in which they have arrived."""
        with self._lock:
            return [span for span in self._spans if span.name == name]

    def parent_of(self, span: Any) -> Any:
        """Return the span above another one; ``None`` if it has not arrived."""
        with self._lock:
            above = [each for each in self._spans if each.span_id == span.parent_span_id]
        return above[0] if above else None


def attributes_of(span: Any) -> dict[str, str]:
    """Return the attributes of a span that are texts."""
    return {each.key: each.value.string_value for each in span.attributes}


@contextmanager
def receiving() -> Iterator[Spans]:
    """Receive spans until the end of the context."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the class expects
            spans.add(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", free_port()), Handler) as server:
        spans = Spans(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield spans
        finally:
            server.shutdown()
            thread.join()
