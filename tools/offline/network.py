"""Only this machine can be reached: an audit hook for tests."""

import errno
import socket

NAMED = {
    "socket.getaddrinfo",
    "socket.gethostbyname",
}  # audit events: their first argument is a host


def _is_here(host) -> bool:
    "Whether `host`, as a text, bytes or None, is this machine"
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    return name in ("localhost", "::1", "0.0.0.0", socket.gethostname()) or name.startswith("127.")


def refuse_network(event: str, args: tuple):
    "An audit hook: only this machine can be reached"
    if event in NAMED:
        host = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if not _is_here(host):
        raise OSError(errno.ENETUNREACH, f"tests run without a network: {host} is not asked")
