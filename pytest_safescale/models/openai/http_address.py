"""Where a server is: its base URL, the paths under it, and the proxy on the way to it."""

from __future__ import annotations

import re
import urllib.request

import httpx

from pytest_safescale.errors import SettingsError

__all__ = ["CHAT_PATH", "EMBEDDINGS_PATH", "checked_url", "proxy_for"]

CHAT_PATH = "/chat/completions"
EMBEDDINGS_PATH = "/embeddings"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def checked_url(base_url: str) -> str:
    """Return a base URL written in one way, so that one server has one; raises SettingsError."""
    base_url = base_url.strip()
    if "@" in base_url:
        # Not shown: what stands there may be a secret.
        raise SettingsError("base URL: it holds a user or password; keys belong in the environment")
    shown = repr(re.split(r"[?#]", base_url, maxsplit=1)[0])  # a query may hold a key
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError) as error:
        raise SettingsError(f"base URL: found {shown}; it is no URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(f"base URL: found {shown}; allowed: http://... or https://...")
    if url.query or url.fragment:
        raise SettingsError(
            f"base URL: {shown} goes on; allowed: no query and no fragment; the key query of the "
            "model's table holds a query, such as api-version"
        )
    # The library writes every URL in one way: host in lower case, no default port.
    written = str(url).rstrip("/")
    for path in (CHAT_PATH, EMBEDDINGS_PATH):
        if written.endswith(path):
            raise SettingsError(
                f"base URL: found {shown}; write {written.removesuffix(path)!r}: "
                f"{path} is added to it"
            )
    return written


def proxy_for(url: httpx.URL) -> httpx.Proxy | None:
    """Return the proxy that the environment names for a server; ``None`` for none."""
    if url.host in LOOPBACK or urllib.request.proxy_bypass(url.netloc.decode("ascii")):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    if found and "://" not in found:  # The usual short form, e.g. proxy.example:3128.
        found = f"http://{found}"
    try:
        return httpx.Proxy(found) if found else None
    except (ValueError, httpx.InvalidURL):
        # Not shown: it may hold a password.
        raise SettingsError(
            f"the proxy that the environment names for {url.scheme} is no URL; "
            "allowed: http://HOST:PORT"
        ) from None
