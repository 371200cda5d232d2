"""Static files: from a table, with their version, and nothing but them."""

from __future__ import annotations

import gzip

import pytest

from panelwright.ui.assets import FOLDERS, all_assets


def test_every_file_is_served_as_it_is(open_panel, visit) -> None:
    open_panel("bare")
    paths = {path.name: path for folder in FOLDERS for path in folder.iterdir()}
    assert sorted([*paths, "htmx.js"]) == sorted(all_assets())
    scripts = ["backoffice.js", "office.js", "pages.js", "work.js"]
    assert sorted(paths) == sorted(
        [*scripts, "backoffice.css", "mark-192.png", "mark-512.png", "mark.svg", "storefront.css", "ui.css"]
    )
    for name in paths:
        response = visit("bare").get(f"/static/{name}")
        assert response.content == paths[name].read_bytes()
        assert response.headers["Content-Type"] == all_assets()[name].content_type
        assert response.headers["Vary"] == "Accept-Encoding"
        assert "Set-Cookie" not in response.headers


def test_a_page_names_files_with_their_version_which_is_kept_for_ever(open_panel, visit) -> None:
    open_panel("bare")
    asset = all_assets()["ui.css"]
    address = f"/static/ui.css?v={asset.version}"
    assert f'href="{address}"' in visit("bare").get("/").content.decode()
    assert visit("bare").get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for other in ("/static/ui.css", "/static/ui.css?v=0123456789abcdef"):
        assert visit("bare").get(other).headers["Cache-Control"] == "no-cache"


def test_a_file_that_has_not_changed_is_not_sent_again(open_panel, visit) -> None:
    open_panel("bare")
    etag = visit("bare").get("/static/pages.js").headers["ETag"]
    response = visit("bare").get("/static/pages.js", headers={"if-none-match": f'"other", {etag}'})
    assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", etag)
    assert visit("bare").get("/static/pages.js", headers={"if-none-match": '"other"'}).status_code == 200


def test_files_are_packed_for_who_can_unpack_them(open_panel, visit) -> None:
    open_panel("bare")
    response = visit("bare").get("/static/ui.css", headers={"accept-encoding": "br, gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == all_assets()["ui.css"].body
    assert len(response.content) < len(all_assets()["ui.css"].body) / 2


@pytest.mark.parametrize(
    "name",
    [
        "none.css",
        "..",
        "../views.py",
        "..%2fviews.py",
        "%2e%2e/views.py",
        "..%5cviews.py",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "ui.css/",
        "ui.css%00",
        "PAGES.CSS",
        "",
    ],
)
def test_no_other_name_leads_to_a_file(open_panel, visit, name: str) -> None:
    open_panel("bare")
    response = visit("bare").get(f"/static/{name}")
    assert response.status_code == 404
    assert b"import" not in response.content and b"root:" not in response.content
