"""Bytes of a page to text: what is read, in which encoding, and what is left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.page_tree import Page, decoded, read, read_flat, selector_fault


def reasons(page: Page) -> list[str]:
    return [ignored.reason for ignored in page.ignored]


@pytest.mark.parametrize(
    ("markup", "text", "reason"),
    [
        ("<p>a<script>b</script>", "a", "script"),
        ("<p>a</p><style>b</style>", "a", "style"),
        ("<p>a</p><template>b</template>", "a", "template"),
        ("<p>a</p><noscript>b</noscript>", "a", "only for browsers without script"),
        ("<p>a</p><p hidden>b</p>", "a", "hidden"),
        ("<p>a</p><p style='Display:None'>b</p>", "a", "hidden"),
        ("<p>a</p><p style='visibility: hidden'>b</p>", "a", "hidden"),
        ("<p>a</p><div id=CookieBar>This site uses Cookies</div>", "a", "cookie banner"),
    ],
)
def test_what_is_left_out_and_why(markup: str, text: str, reason: str) -> None:
    page = read(markup.encode())
    assert (page.text, reasons(page)) == (text, [reason])


@pytest.mark.parametrize(
    "markup",
    [
        "<body class='cookies-not-set'><p>Ann stole a cookie",  # a plugin of WordPress marks the whole body
        "<main class=consent>Ann stole a cookie</main>",
        "<div class=parental-consent>Ann signed</div>",
        f"<div class=cookie-recipes>Ann: {'cookie ' * 600}</div>",
        "<body hidden><p>Ann</p>",
        "<body style='display:none'>Ann",
        "<p style='display:block'>Ann</p>",
    ],
)
def test_what_only_looks_like_it_stays(markup: str) -> None:
    assert "Ann" in read(markup.encode()).text


def test_excluded_parts_nested_in_each_other() -> None:
    page = read(b"<div class=x>a<div class=x>b<i class=x>c</i></div></div>d", selectors={"exclude": ".x"})
    assert (page.text, reasons(page)) == ("d", ["excluded by the settings"])


def test_included_parts_nested_in_each_other_are_read_once() -> None:
    page = read(b"<div class=x>a<div class=x>b</div></div><p class=x>c", selectors={"include": ".x"})
    assert page.text.split() == ["a", "b", "c"]


@pytest.mark.parametrize("selectors", [{"include": "#no"}, {"item": ".no"}, {"include": "p", "item": ".no"}])
def test_selectors_that_match_nothing(selectors: dict[str, str]) -> None:
    page = read(b"<p>words</p>", selectors=selectors)
    assert (page.matched, page.text, page.items) == (False, "", [])


@pytest.mark.parametrize(
    ("markup", "id_", "link"),
    [
        ("<p class=c id=c7>x</p>", "#c7", "https://a.example/p?q=1#c7"),
        ("<p class=c>x <a class=Permalink href='/c/7'>7</a>", "a.example/c/7", "https://a.example/c/7"),
        (
            "<p class=c>x <a href='?q=1#comment-7'>7</a>",
            "a.example/p?q=1#comment-7",
            "https://a.example/p?q=1#comment-7",
        ),
        ("<p class=c>x <a href='/c/9'><time>now</time></a>", "a.example/c/9", "https://a.example/c/9"),
        ("<p class=c>x <a href='#'>reply</a>", "", ""),
        ("<p class=c>x <a class=permalink href='?q=1'>page</a>", "", ""),
        (
            "<p class=c>x <a class=permalink href='http://www.a.example/p?q=1'>page</a>",
            "",
            "http://www.a.example/p?q=1",
        ),
        ("<p class=c>x <a class=permalink href='javascript:f()'>page</a>", "", ""),
    ],
)
def test_where_an_items_id_comes_from(markup: str, id_: str, link: str) -> None:
    (item,) = read(markup.encode(), url="https://a.example/p?q=1", selectors={"item": ".c"}).items
    assert (item.id, item.link) == (id_, link)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("café".encode(), "text/html; charset=UTF-8", "café"),
        ("café".encode("latin-1"), "text/html; charset=iso-8859-1", "café"),
        (b"it\x92s", "text/html; charset=ISO-8859-1", "it’s"),  # browsers read it as Windows's table
        ("<meta charset='windows-1252'>café".encode("cp1252"), "", "café"),
        ("café".encode("utf-16"), "text/html; charset=utf-8", "café"),  # the byte-order mark wins
        ("café".encode("utf-8-sig"), "", "café"),
        ("café".encode(), "text/html", "café"),
        ("café".encode("latin-1"), "text/html; charset=base64", "café"),
        ("café".encode(), "text/html; charset=windows-99999", "café"),
    ],
)
def test_encodings(body: bytes, content_type: str, text: str) -> None:
    assert decoded(body, content_type).endswith(text)


@pytest.mark.parametrize("selector", ["p", ".a > .b, #c", "li:not(.x)", "a:has(time)", '[id^="c"]'])
def test_good_selectors(selector: str) -> None:
    assert selector_fault(selector) == ""


@pytest.mark.parametrize("selector", ["p[", "div >", "@@", "p:contains('x')"])
def test_selectors_that_are_none(selector: str) -> None:
    assert repr(selector) in selector_fault(selector)


def test_flat_reading_gives_title_and_all_words() -> None:
    page = read_flat(b"<title>A &amp; B</title><script>no</script><p>one</p><p hidden>two")
    assert (page.title, page.flat, page.text.split()) == ("A & B", True, ["A", "&", "B", "one", "two"])


PIECES = st.sampled_from(
    [
        "<div class=c>",
        "</div>",
        "<p hidden>",
        "<b",
        ">",
        "word ",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<li>",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    body=st.lists(PIECES, max_size=30).map("".join).map(str.encode) | st.binary(max_size=300),
    selectors=st.sampled_from([{}, {"item": ".c"}, {"include": "div", "exclude": "p"}, {"item": "*"}]),
)
def test_any_bytes_are_read(body: bytes, selectors: dict[str, str]) -> None:
    page = read(body, url="https://a.example/", selectors=selectors)
    assert all(item.text or item.author for item in page.items)
    read_flat(body)


@pytest.mark.parametrize("depth", [255, 257, 5000])
def test_text_at_any_depth(depth: int) -> None:
    body = b"<div>" * depth + b"<p class=c>deep</p>"
    assert read(body).text == "deep"
    assert read(body, selectors={"item": ".c"}).items[0].text == "deep"
