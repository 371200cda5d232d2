"""The database engine of the settings: Django's own, with a look at each connection that the pool lends.

A server that was restarted, or a firewall that forgot, breaks every connection that waits in the pool, and
each would be an error for somebody. The pool's own check (CONN_HEALTH_CHECKS) asks the server each time, and
waits for one second, then two, then four after each broken connection; here a look at the socket suffices.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError

from panelwright.core.gate import aside


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that lives, as far as can be seen without asking it.

        Raises psycopg_pool.PoolTimeout, an OperationalError, when the pool has none for too long.
        """
        # Who has one may be waiting for our place at the gate.
        with aside():
            connection = super().get_new_connection(conn_params)
        if self.pool:
            # A server that goes on ending connections would hold us for ever, so there is an end: the last one
            # is given out as it is, and says itself what is wrong.
            for _ in range(self.pool.max_size):
                if _lives(connection):
                    break
                connection.close()
                self.pool.putconn(connection)
                connection = super().get_new_connection(conn_params)
        return connection


def _lives(connection: Connection[Any]) -> bool:
    """Nobody speaks to us while we ask nothing: if there is something to read, it is mostly the farewell."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return True
    try:
        # Or it is a notice, or the news of a setting.
        connection.execute("")
    except OperationalError:
        return False
    return True
