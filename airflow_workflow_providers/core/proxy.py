"""The proxy that the environment names for an address."""

import importlib.util
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from airflow_workflow_providers.core.errors import InvalidInput


@dataclass(frozen=True)
class Proxy:
    """A proxy that the environment names for an address (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY)."""

    scheme: str
    host: str
    port: int
    auth: tuple[bytes, bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The proxy's address, without its user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


_PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def proxy_for(base_url: str) -> Proxy | None:
    """
    Return the proxy that the environment names for an address, if there is one.

    :raises InvalidInput: if that proxy cannot be used.
    """
    parts = urlsplit(base_url)
    known = urllib.request.getproxies()
    named = known.get(parts.scheme) or known.get("all")
    if not named or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    variable = f"{parts.scheme.upper()}_PROXY" if known.get(parts.scheme) else "ALL_PROXY"
    try:
        proxy = urlsplit(named if "://" in named else f"http://{named}")
        port = proxy.port or _PROXY_PORTS.get(proxy.scheme, 0)
    except ValueError:
        proxy, port = urlsplit(""), 0
    if not port or not proxy.hostname:
        # It may hold a password, so it is not shown.
        raise InvalidInput(
            f"The proxy that {variable} names in the environment is not a valid http, https or socks5 URL."
        )
    if proxy.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise InvalidInput(
            f"The SOCKS proxy that {variable} names needs the package socksio: pip install 'httpx[socks]'."
        )
    auth = None
    if proxy.username or proxy.password:
        auth = (unquote(proxy.username or "").encode(), unquote(proxy.password or "").encode())
    return Proxy(proxy.scheme, proxy.hostname, port, auth)
