"""What a source file of ours takes from a class of a library: the names, read from the source."""

from __future__ import annotations

import ast
import inspect


def names_taken(ours: type, *, through: str = "self") -> set[str]:
    """Attributes that the methods of our class read or set on `through`, and that the class itself does not define."""
    tree = ast.parse(inspect.getsource(ours))
    taken = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == through
    }
    calls_up = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "super"
    }
    return (taken - vars(ours).keys()) | calls_up


def names_under(ours: type, attribute: str) -> set[str]:
    """Attributes of `self.<attribute>` that the methods of our class use, also by a local name equal to it."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(ours))):
        if isinstance(node, ast.Attribute):
            value = node.value
            by_self = isinstance(value, ast.Attribute) and value.attr == attribute
            by_name = isinstance(value, ast.Name) and value.id == attribute
            if by_self or by_name:
                found.add(node.attr)
    return found
