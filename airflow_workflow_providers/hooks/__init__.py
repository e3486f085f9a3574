"""From a connection to a client, and the vendor's requests as methods."""
