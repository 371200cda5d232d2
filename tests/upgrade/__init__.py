"""What a newer version of a library may break without a word in its release notes.

Panelwright touches pieces of uvicorn, httptools, uvloop, psycopg and Django that their makers promise to nobody:
private names, and behaviour that is not documented. Each module names the pieces of one library (`PIECES`) and
holds a test for each that fails when the piece changes. `pyproject.toml` keeps newer versions away until then: raise
a bound there, run these tests, and read what they name.
"""
