"""Django: private names of its handlers, its database wrappers and its pool."""

from __future__ import annotations

import inspect
import io
from functools import cached_property
from typing import Any

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql import base as postgresql
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ProjectState
from django.http import HttpRequest
from django.template.backends import django as templates
from django.template.context import BaseContext, make_context
from django.utils.connection import ConnectionProxy

from panelwright import asgi

PIECES = {
    "ASGIHandler.request_class": "the class of ours that reads cookies and hosts (asgi.py)",
    "ASGIRequest.COOKIES": "a property that is worked out once, from META, and may be set",
    "ASGIRequest.META": "HTTP_COOKIE, HTTP_HOST, SERVER_NAME, SERVER_PORT",
    "template.backends.django.Template.render, context.dicts": "ui/engine.py empties the context of a made page",
    "HttpRequest.get_host": "raises for what is no host; ours answers what the middleware has checked",
    "DatabaseWrapper.get_new_connection, .pool": "core/postgresql looks at each connection that is lent",
    "DatabaseWrapper.connection, .ensure_connection, .in_atomic_block": "core/sql.py, below Django's cursors",
    "ProjectState._find_reload_model, .is_delayed": "core/migrating.py makes fewer models anew between two operations",
    "ConnectionProxy": "django.db.connection, which looks itself up anew at each attribute",
}


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": list(headers),
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 4000),
    }


def test_the_handler_makes_requests_of_the_class_that_it_names() -> None:
    assert ASGIHandler.request_class is ASGIRequest
    assert "self.request_class(scope, body_file)" in inspect.getsource(ASGIHandler.create_request)
    made: list[asgi._Request] = []
    request, refused = asgi._pages.create_request({**scope(), asgi._MADE: made}, io.BytesIO())
    assert (type(request), refused) == (asgi._Request, None)
    # Where `handle` finds it when it is answered.
    assert made == [request]
    assert "self.create_request(scope, body_file)" in inspect.getsource(ASGIHandler.handle)


def test_a_page_is_made_with_a_context_that_keeps_it() -> None:
    """Where a context points to itself no more, ui/engine.py is not needed."""
    theirs = inspect.getsource(templates.Template.render)
    for line in ("make_context(", "self.template.render(context)", "reraise(exc, self.backend)"):
        assert line in theirs
    made = make_context({"a": 1}, HttpRequest())
    assert isinstance(made, BaseContext) and isinstance(made.dicts, list)
    assert any(getattr(pushed, "context", None) is made for pushed in made.dicts)


def test_cookies_are_read_from_meta_once_and_may_be_set() -> None:
    theirs = vars(ASGIRequest)["COOKIES"]
    assert isinstance(theirs, cached_property) or hasattr(theirs, "func")
    assert "parse_cookie" in inspect.getsource(theirs.func)
    assert hasattr(vars(WSGIRequest)["COOKIES"], "__get__")
    request = asgi._Request(scope((b"cookie", b"a=1; b=2")), io.BytesIO())
    assert request.META["HTTP_COOKIE"] == "a=1; b=2"
    assert request.COOKIES == {"a": "1", "b": "2"}
    request.COOKIES = {"c": "3"}
    assert request.COOKIES == {"c": "3"}


def test_a_host_comes_from_meta_and_from_nowhere_else() -> None:
    assert "META" in inspect.getsource(vars(HttpRequest)["_get_raw_host"])
    request = asgi._Request(scope((b"host", b"shop.example:81")), io.BytesIO())
    assert (request.META["HTTP_HOST"], request.get_host()) == ("shop.example:81", "shop.example:81")
    request = asgi._Request(scope(), io.BytesIO())
    assert (request.META["SERVER_NAME"], request.META["SERVER_PORT"]) == ("127.0.0.1", "8000")


def test_postgresql_s_wrapper_lends_from_a_pool_by_these_names() -> None:
    assert isinstance(vars(postgresql.DatabaseWrapper)["pool"], property)
    source = inspect.getsource(postgresql.DatabaseWrapper.get_new_connection)
    assert "self.pool.getconn()" in source
    assert "CONN_HEALTH_CHECKS" in inspect.getsource(postgresql.DatabaseWrapper)


def test_below_the_cursors_a_wrapper_has_these_names(db: object) -> None:
    assert isinstance(connection, ConnectionProxy)
    real = connections["default"]
    assert isinstance(real, BaseDatabaseWrapper)
    real.ensure_connection()
    assert real.connection is not None
    assert real.in_atomic_block
    # Atomic's own: a test's transaction is not the outermost block of the code that it calls.
    assert hasattr(real, "savepoint_ids")


def test_what_a_migration_makes_anew_is_found_in_one_place() -> None:
    """The tables that come of it are compared in tests/test_harness.py."""
    assert list(inspect.signature(ProjectState.__dict__["_find_reload_model"]).parameters) == [
        *("self", "app_label", "model_name", "delay"),
    ]
    for method in (ProjectState.reload_model, ProjectState.reload_models):
        assert "self._find_reload_model(" in inspect.getsource(method)
    # Code of a migration finds every model as it is then.
    assert "from_state.clear_delayed_apps_cache()" in inspect.getsource(RunPython.database_forwards)
    assert "self.is_delayed and" in inspect.getsource(ProjectState.clear_delayed_apps_cache)
