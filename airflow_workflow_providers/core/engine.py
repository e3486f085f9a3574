"""The HTTP library. It is named here and nowhere else, so that another one is a change of this module."""

import httpcore
import httpx

__all__ = ["httpcore", "httpx"]
