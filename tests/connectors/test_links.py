"""Links: which pass, what hides behind redirect links, one form for one page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.links import canonical, same_page, unwrapped, web_link

SAFE = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fx&data=05&reserved=0"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (
            "https://www.google.com/url?rct=j&url=https://a.example/x%3Fid%3D4&ct=ga",
            "https://a.example/x?id=4",
        ),
        ("https://www.google.co.uk/url?q=https://a.example/x", "https://a.example/x"),
        (
            "http://www.bing.com/news/apiclick.aspx?tid=T&url=https%3a%2f%2fa.example%2fx&c=9",
            "https://a.example/x",
        ),
        (SAFE, "https://a.example/x"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fa.example%2Fx&h=AT0", "https://a.example/x"),
        ("https://www.google.com/url?url=" + SAFE.replace("&", "%26"), "https://a.example/x"),
    ],
)
def test_unwraps(url: str, target: str) -> None:
    assert unwrapped(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/search?q=https://a.example/x",
        "https://www.google.com/url?url=javascript:alert(1)",
        "https://google.evil.example/url?url=https://a.example/x",
        "https://notfacebook.com/l.php?u=https://a.example/x",
        "https://safelinks.protection.outlook.com.evil.example/?url=https://a.example",
        "https://news.google.com/rss/articles/CBMiTOKEN?oc=5",
    ],
)
def test_leaves_other_links_alone(url: str) -> None:
    assert unwrapped(url) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://WWW.A.Example/Path?b=2&a=1#top", "https://www.a.example/Path?a=1&b=2"),
        (
            "https://a.example/?utm_source=x&fbclid=1&gclid=2&at_medium=R&at_campaign=r&sid=9&p=4",
            "https://a.example/?p=4",
        ),
        ("https://a.example/x#comment-12", "https://a.example/x#comment-12"),
        ("https://a.example/viewtopic.php?p=5&sid=abc#p5", "https://a.example/viewtopic.php?p=5#p5"),
        ("https://a.example/x#p", "https://a.example/x"),
        ("http://a.example:80/x", "http://a.example/x"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        ("https://name:word@a.example/x", "https://a.example/x"),
        ("https://a.example", "https://a.example/"),
        ("http://[2001:DB8::1]/x", "http://[2001:db8::1]/x"),
        (" https://a.example/a\nb ", "https://a.example/ab"),
        (SAFE, "https://a.example/x"),
        ("javascript:alert(1)", ""),
        ("jav\tascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("mailto:a@b.example", ""),
        ("//a.example/x", ""),
        ("12345", ""),
        ("http://", ""),
        ("http://a.example:99999/", ""),
        ("http://[::1", ""),
        ("https://a.example/" + "x" * 5000, ""),
        ("", ""),
    ],
)
def test_canonical(url: str, expected: str) -> None:
    assert canonical(url) == expected


def test_same_page_is_blind_to_scheme_and_www() -> None:
    assert same_page("http://www.a.example/x?utm_source=1") == same_page("https://a.example/x")
    assert same_page("http://a.example/x") != same_page("http://a.example/y")


def test_resolves_against_a_base() -> None:
    assert web_link("/rel?x=1", base="https://a.example/feed.xml") == "https://a.example/rel?x=1"
    assert web_link("/rel") == ""


LINKISH = st.from_regex(
    r"https?://[a-zA-Z0-9.\-\[\]:@]{0,20}(/[ -~é]{0,30})?(\?[ -~]{0,40})?(#[ -~]{0,10})?", fullmatch=True
)


@given(st.text() | LINKISH | LINKISH.map(lambda u: "https://www.google.com/url?url=" + u))
def test_canonical_is_idempotent_and_web(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once
    assert once == "" or once.startswith(("http://", "https://"))
