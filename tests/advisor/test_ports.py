"""Who holds a port is named by its process; a port that nobody holds has no holder."""

from __future__ import annotations

import os
import socket

import psutil

from advisor.ports import holder_of


def test_who_listens_is_named_with_its_pid_while_it_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        holder = holder_of(port)
        assert holder is not None
        assert (holder.port, holder.pid) == (port, os.getpid())
        assert str(holder) == f"{psutil.Process().name()} (pid {os.getpid()})"
    assert holder_of(port) is None


def test_a_port_that_is_bound_and_not_listened_on_has_no_holder() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert holder_of(bound.getsockname()[1]) is None
