"""From a connection to a session, and the vendor's calls as methods."""
