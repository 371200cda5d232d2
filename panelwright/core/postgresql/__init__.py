"""Django's PostgreSQL, which lends no connection that broke while it waited in the pool. See base.py."""
