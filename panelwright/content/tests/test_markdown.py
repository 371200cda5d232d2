"""What staff write is read, and nothing of it runs."""

from __future__ import annotations

import re

import pytest

from panelwright.content.markdown import allowed, html


def test_the_usual_marks() -> None:
    assert html("One *two* **three** `four`\n\n- a\n- b") == (
        "<p>One <em>two</em> <strong>three</strong> <code>four</code></p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"
    )


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("# A\n\n## B\n\n# C", ["h2", "h3", "h2"]),
        ("## A\n\n### B", ["h2", "h3"]),
        ("### A\n\n# B\n\n###### C", ["h4", "h2", "h6"]),
        ("A\n===\n\nB\n---", ["h2", "h3"]),
    ],
)
def test_headings_start_at_h2(text: str, tags: list[str]) -> None:
    assert re.findall(r"<(h\d)>", html(text)) == tags
    assert re.findall(r"</(h\d)>", html(text)) == tags


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<div\nonclick='x'>\n\n</div>",
        '<a href="javascript:alert(1)">x</a>',
        "<!-- x --> <?php ?> <![CDATA[x]]>",
        "<svg/onload=alert(1)>",
        "```\n</code></pre><script>alert(1)</script>\n```",
        '```"><script>alert(1)</script>\nx\n```',
        "| <b>x</b> |\n|---|\n| <script> |",
    ],
)
def test_html_is_shown_and_does_not_run(text: str) -> None:
    made = html(text)
    tags = {tag.lower() for tag in re.findall(r"<\s*/?\s*([a-zA-Z!?]+)", made)}
    assert tags <= {"p", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}
    assert "onerror=" not in re.sub(r"&lt;.*?&gt;", "", made)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "javascript&colon;alert(1)",
        "&#106;avascript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/png;base64,AAAA",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:x",
    ],
)
@pytest.mark.parametrize("form", ["[x]({})", "[x](<{}>)", "<{}>", "[x]\n\n[x]: {}", "![x]({})"])
def test_links_to_other_schemes_are_no_links(url: str, form: str) -> None:
    made = html(form.format(url))
    for href in re.findall(r'(?:href|src)="([^"]*)"', made):
        assert allowed(href), made
        assert not re.match(r"\W*(javascript|data|vbscript|file|blob):", href, re.I), made


def test_links_to_the_web_mail_and_this_site() -> None:
    assert html("[a](https://x.example/?a=1&b=2)") == (
        '<p><a href="https://x.example/?a=1&amp;b=2" rel="nofollow noopener noreferrer">a</a></p>\n'
    )
    assert html("[a](mailto:bob@shop.example)").count('rel="nofollow') == 1
    assert html("[a](//x.example)") == '<p><a href="//x.example" rel="nofollow noopener noreferrer">a</a></p>\n'
    assert html("[a](/services?q=a)") == '<p><a href="/services?q=a">a</a></p>\n'
    assert html("[a](#top) [b](faq)") == '<p><a href="#top">a</a> <a href="faq">b</a></p>\n'
    assert html("<https://x.example>").startswith('<p><a href="https://x.example" rel=')


def test_pictures_are_links() -> None:
    assert "<img" not in html("![x](https://x.example/pixel.png) ![y](/static/mark.svg)")


def test_tables_have_no_style_of_their_own() -> None:
    made = html("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert "style=" not in made
    assert '<td class="align-right">2</td>' in made


def test_a_long_text_and_a_deep_one_come_to_an_end() -> None:
    for text in ("> " * 50_000, "[" * 100_000, "*a " * 33_000, "`" * 99_999 + "a", "- " * 50_000, "|a" * 50_000):
        assert html(text)
