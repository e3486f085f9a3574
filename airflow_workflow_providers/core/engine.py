"""The HTTP library, and the protocol that it speaks. They are named here and nowhere else, so that others are a change here."""

import h11
import httpcore
import httpx

__all__ = ["h11", "httpcore", "httpx"]
