"""Whether a server of our own is ready."""

from __future__ import annotations

import http.client


def healthy(port: int, *, timeout: float = 2.0) -> bool:
    """Whether a server of our own answers its health check. Never through a proxy, whatever the environment says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
