"""Each vendor's HTTP API: paths, bodies, statuses and odd rules. Requests are described here, never sent."""
