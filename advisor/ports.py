"""Who listens on a port: "in use" alone sends people looking for the process that holds it."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class PortHolder:
    port: int
    pid: int | None  # None: a process of another user
    name: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})" if self.pid else "a process of another user"


def holder_of(port: int) -> PortHolder | None:
    """Who listens on a TCP port of this machine; None where nobody does, or the system does not say."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr:
                continue
            if connection.laddr.port == port:
                name = psutil.Process(connection.pid).name() if connection.pid else ""
                return PortHolder(port=port, pid=connection.pid, name=name)
    except psutil.Error:  # it ended meanwhile, or only root may ask (macOS)
        return None
    return None
