"""The HTTP library, and the protocol that it speaks. They are named here and nowhere else, so that others are a change here."""

from typing import TYPE_CHECKING

import h11

if TYPE_CHECKING:  # both have the same interface
    import httpcore
    import httpx
else:
    try:  # Airflow brings it from 3.4 on, and has loaded it already
        import httpcore2 as httpcore
        import httpx2 as httpx
    except ImportError:
        import httpcore
        import httpx

__all__ = ["h11", "httpcore", "httpx"]
