"""No file too long to read, none that ties the project to one machine or one package registry."""

from __future__ import annotations

from pip._internal.models.index import PyPI

from tests.style.files import ROOT, all_files, any_of, files, lines_with, text_of

LINES_MAX = 600
BYTES_MAX = 500_000

# Put together here, so that this file does not hold what it forbids.
REGISTRY_HOSTS = (
    PyPI.netloc,
    PyPI.file_storage_domain,
    ".".join(("registry", "npmjs", "org")),
    ".".join(("deb", "debian", "org")),
)
# Folders whose names say nothing about a machine; a checkout right below one is told by its full path.
COMMON_FOLDERS = {
    "/",
    "/app",
    "/builds",
    "/code",
    "/data",
    "/home",
    "/mnt",
    "/opt",
    "/root",
    "/src",
    "/srv",
    "/tmp",
    "/usr",
    "/var",
    "/workspace",
}
MARKERS = ("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")


def test_the_list_of_files_is_complete() -> None:
    assert {"pyproject.toml", "panelwright/settings.py", "tests/style/test_files.py"} <= set(all_files())


def test_python_files_can_be_read_in_one_go() -> None:
    lengths = {path: text_of(path).count("\n") for path in files(".py") if "/migrations/" not in path}
    assert {path: length for path, length in lengths.items() if length > LINES_MAX} == {}


def test_no_file_is_large() -> None:
    sizes = {path: (ROOT / path).stat().st_size for path in all_files()}
    assert {path: size for path, size in sizes.items() if size > BYTES_MAX} == {}


def test_no_file_names_a_package_registry() -> None:
    assert lines_with(any_of(REGISTRY_HOSTS), all_files()) == []


def test_no_file_holds_a_path_of_this_machine() -> None:
    assert lines_with(any_of({str(ROOT), str(ROOT.parent)} - COMMON_FOLDERS), all_files()) == []


def test_nothing_is_left_for_later() -> None:
    assert lines_with(any_of(MARKERS), files(".py", ".html", ".js", ".css")) == []


def test_the_checks_for_words_would_notice() -> None:
    pattern = any_of(["/builds/checkout", "index.example"])
    for bad in (
        "see /builds/checkout/a.py",
        "'/builds/checkout'",
        "https://index.example/simple",
        "at www.index.example",
    ):
        assert pattern.search(bad), bad
    for good in ("/builds/checkouts", "index_example", "indexes.example"):
        assert not pattern.search(good), good
    assert not any_of([]).search("anything")
