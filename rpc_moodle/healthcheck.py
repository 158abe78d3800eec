"""Whether the service beside this process is alive: ``python -m rpc_moodle.healthcheck``, for containers.

It imports nothing but the standard library, since it runs twice a minute.
"""

import http.client
import os
import sys

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what the service listens on, not what this calls


def alive(host: str, port: int) -> bool:
    """Ask ``/healthz``; False for anything but a 200 within three seconds."""
    connection = http.client.HTTPConnection(_ANY.get(host, host), port, timeout=3)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    here = os.environ.get("RPC_MOODLE_HOST") or "127.0.0.1", int(os.environ.get("RPC_MOODLE_PORT") or "8081")
    sys.exit(0 if alive(*here) else 1)
