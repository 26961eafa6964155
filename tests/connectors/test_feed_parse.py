"""Bytes of feeds to entries: the real shapes in `data/`, and what damages or attacks a parser."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import SHORT_LIMIT, TEXT_LIMIT
from connectors.feed_parse import parse
from connectors.feed_shape import WINDOW, Document, Entry

DATA = Path(__file__).parent / "data"
URL = "http://parish.example/feed/"


def read(name: str) -> Document:
    return parse((DATA / name).read_bytes(), url=URL)


def rss(items: str, *, head: str = "<title>T</title>") -> bytes:
    return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def one(items: str) -> Entry:
    return parse(rss(items), url=URL).entries[0]


@pytest.mark.parametrize(
    ("name", "format_", "count"),
    [
        ("old.rss", "rss091u", 1),
        ("wordpress_posts.rss", "rss20", 3),
        ("wordpress_comments.rss", "rss20", 2),
        ("dokuwiki.rdf", "rss10", 1),
        ("google_alerts.atom", "atom10", 1),
        ("phpbb.atom", "atom10", 1),
        ("blog.json", "json", 2),
    ],
)
def test_reads_every_format(name: str, format_: str, count: int) -> None:
    document = read(name)
    assert (document.format, len(document.entries), document.damaged) == (format_, count, False)
    assert all(entry.title or entry.text for entry in document.entries)


def test_wordpress_post_is_its_whole_text_without_markup() -> None:
    entry = read("wordpress_posts.rss").entries[0]
    assert entry.guid == "http://parish.example/?p=41"
    assert entry.title == "Crossing “unsafe” at Brindleford Primary & the ford"
    assert entry.author == "Orla Penhallow"
    assert entry.published == "Tue, 03 Mar 2026 08:30:00 +0000"
    first, rest = entry.text.split("\n", 1)
    assert first == "The council met on Monday to hear about the crossing outside the school."
    assert "Nobody spoke against a new light. The crossing in the rain" in rest
    assert "alert" not in entry.text


def test_feed_says_its_own_wish_and_language() -> None:
    document = read("wordpress_posts.rss")
    assert (document.title, document.language, document.ttl_minutes) == (
        "Lower Dunnock Parish News",
        "en-gb",
        60,
    )


def test_json_feed_keeps_items_with_an_id_and_counts_the_others() -> None:
    document = read("blog.json")
    assert [entry.guid for entry in document.entries] == ["17", "b"]
    assert document.skipped == 1
    bells, other = document.entries
    assert (bells.text, bells.author) == ("The bell rang twice.", "Wren Attley, Bo Sedge")
    assert (other.text, other.link, other.published) == ("5 < 6 & so on", "http://parish.example/b", "")
    assert other.updated == "2026-03-01T09:00:00Z"


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("<title>5 &lt; 6</title>", "5 < 6"),  # plain text: not unescaped a second time
        ("<title>AT&amp;amp;T &lt;b&gt;x&lt;/b&gt;</title>", "AT&T x"),  # HTML within
        ("<title><![CDATA[A &#038; B]]></title>", "A & B"),
        ("<title>Tea &amp; cake</title>", "Tea & cake"),
    ],
)
def test_titles_by_their_type(item: str, title: str) -> None:
    assert one(f"<item><guid isPermaLink='false'>1</guid>{item}</item>").title == title


def test_a_bare_ampersand_in_damaged_xml_gets_no_semicolon() -> None:
    document = parse(rss("<item><title>Q&A about R&D and real&sect;s</title></item>"), url=URL)
    assert document.damaged
    assert document.entries[0].title == "Q&A about R&D and real§s"


@pytest.mark.parametrize(
    ("item", "link"),
    [
        ("<guid>12345</guid>", ""),  # feedparser would make a link of it
        ("<guid>http://a.example/x</guid>", "http://a.example/x"),
        ("<guid isPermaLink='false'>http://a.example/x</guid>", ""),
        ("<guid isPermaLink='false'>1</guid><link>/rel</link>", "http://parish.example/rel"),
        ("<link>rel</link>", "http://parish.example/feed/rel"),
        ("<link>javascript:alert(1)</link>", ""),
        ("<link>data:text/html,x</link>", ""),
        ("<link>http://[::1</link>", ""),
    ],
)
def test_links_are_web_links_or_none(item: str, link: str) -> None:
    assert one(f"<item><title>t</title>{item}</item>").link == link


def test_the_guid_stays_as_it_was_sent() -> None:
    assert one("<item><title>t</title><guid> 12345 </guid></item>").guid == "12345"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("a@b.example (Ann Bee)", "Ann Bee"),
        ("Ann Bee &lt;a@b.example&gt;", "Ann Bee"),
        ("Ann Bee", "Ann Bee"),
        ("a@b.example", "a@b.example"),
    ],
)
def test_rss_authors(written: str, name: str) -> None:
    assert one(f"<item><title>t</title><author>{written}</author></item>").author == name


def test_all_authors_of_an_atom_entry() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><title>t</title>
        <author><name>Ann</name></author><author><name>Bo</name></author></entry></feed>"""
    assert parse(body).entries[0].author == "Ann, Bo"


def test_an_atom_edit_time_is_not_taken_from_the_first_one() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><title>t</title>
        <published>2026-03-01T00:00:00Z</published></entry></feed>"""
    assert (parse(body).entries[0].published, parse(body).entries[0].updated) == ("2026-03-01T00:00:00Z", "")


def test_text_is_the_longest_part_and_what_is_no_excerpt_of_it() -> None:
    body = b"""<rss version="2.0" xmlns:c="http://purl.org/rss/1.0/modules/content/"
        xmlns:media="http://search.yahoo.com/mrss/"><channel><item><guid>1</guid>
        <description>Something else entirely, in the summary.</description>
        <c:encoded>A long text that says much more than the other one does, and goes on.</c:encoded>
        <enclosure url="http://a.example/1.mp3" title="What the recording says"/>
        </item></channel></rss>"""
    text = parse(body).entries[0].text
    assert text.startswith("A long text")
    assert "Something else entirely" in text
    assert "What the recording says" in text


def test_media_descriptions_are_text() -> None:
    body = b"""<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><item><guid>1</guid>
        <media:content url="x.jpg"><media:description>Words under a picture</media:description></media:content>
        </item></channel></rss>"""
    assert parse(body).entries[0].text == "Words under a picture"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"/etc/passwd",  # pitfall 1: a parser that opens what it is given
        b"http://127.0.0.1:1/",
        b"<html><head><title>Sign in</title></head><body><form></form></body></html>",
        b"<?xml version='1.0'?><note><to>x</to></note>",
        b"{}",
        b"[]",
        b'{"version": "1.1", "items": []}',
        b'{"version": "https://jsonfeed.example/version/1", "items": []}',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_feed_has_no_format(body: bytes) -> None:
    assert parse(body) == Document()


@pytest.mark.parametrize(
    "number",
    ["&#x110000;", "&#xD800;", "&#xFFFFFFFF;", "&#99999999999999999999;", "&amp;#xD800;", "&amp;amp;#55296;"],
)
def test_impossible_characters_do_not_cost_the_feed(number: str) -> None:
    items = f"<item><guid>1</guid><title>bad</title><description>x {number} y</description></item>"
    document = parse(rss(items + "<item><guid>2</guid><title>good</title></item>"))
    assert [entry.title for entry in document.entries] == ["bad", "good"]
    assert document.entries[0].text.startswith("x ")
    assert document.entries[0].text.endswith(" y")


def test_a_backslash_in_an_entity_does_not_cost_the_feed() -> None:
    body = rb'<!DOCTYPE rss [<!ENTITY b "\g<9>">]>' + rss("<item><guid>1</guid><title>t &b; &</title></item>")
    assert parse(body).entries[0].guid == "1"


def test_an_author_of_64_kb_is_cut_before_it_costs_time() -> None:
    for tag in ("author", "dc:creator", "managingEditor"):
        started = time.process_time()
        item = f"<item><guid>1</guid><{tag}>a@{'a.' * 32_000}!</{tag}></item>"
        assert len(parse(rss(item)).entries) == 1
        assert time.process_time() - started < 2.0


def test_an_entity_bomb_is_stopped() -> None:
    layers = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE r [<!ENTITY l0 "ha">{layers}]>'.encode() + rss(
        "<item><guid>1</guid><title>&l11;</title></item>"
    )
    started = time.process_time()
    assert all(len(entry.title) <= SHORT_LIMIT for entry in parse(body).entries)
    assert time.process_time() - started < 4.0


def test_external_entities_are_not_loaded() -> None:
    body = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss(
        "<item><guid>1</guid><title>a&x;</title></item>"
    )
    assert "root:" not in json.dumps([entry.title for entry in parse(body).entries])


def test_xml_without_a_charset_is_read_by_its_bytes() -> None:
    body = b'<?xml version="1.0" encoding="utf-8"?>' + rss("<item><title>café</title></item>")
    document = parse(body, content_type="text/xml")
    assert (document.entries[0].title, document.damaged) == ("café", False)


def test_limits_are_kept_and_a_cut_is_said() -> None:
    long = "x" * (TEXT_LIMIT + 1)
    entry = one(
        f"<item><guid>1</guid><title>{long}</title><author>{long}</author><description>{long}</description></item>"
    )
    assert (len(entry.text), len(entry.title), entry.cut) == (TEXT_LIMIT, SHORT_LIMIT, True)
    assert len(entry.author) <= SHORT_LIMIT


def test_of_a_very_long_feed_the_newest_are_read_and_the_rest_is_counted() -> None:
    items = "".join(
        f"<item><guid isPermaLink='false'>{n}</guid><pubDate>{n % 28 + 1:02} Jan {2000 + n % 20} 00:00:00 GMT</pubDate></item>"
        for n in range(WINDOW + 7)
    )
    document = parse(rss(items))
    assert (len(document.entries), document.skipped) == (WINDOW, 7)


def test_empty_entries_are_counted_and_the_others_kept() -> None:
    document = parse(rss("<item></item><item><title>t</title></item>"))
    assert (len(document.entries), document.skipped) == (1, 1)


FRAGMENT = st.sampled_from(
    ["<rss version='2.0'>", "<channel>", "<item>", "</item>", "<title>", "</title>", "&", "&#x0;", "<![CDATA[", "]]>",
     "<guid>", "<link>", "http://a.example/", "<pubDate>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "é", "\x00"]
)  # fmt: skip


@given(st.binary(max_size=200) | st.lists(FRAGMENT, max_size=20).map(lambda parts: "".join(parts).encode()))
def test_any_bytes_give_a_document_or_a_plain_exception(body: bytes) -> None:
    try:
        document = parse(body, url=URL)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, AssertionError):
        return  # the child process turns these into Failed
    assert isinstance(document, Document)
    assert all(entry.link == "" or entry.link.startswith("http") for entry in document.entries)
