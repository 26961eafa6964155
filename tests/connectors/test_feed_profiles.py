"""Identity of entries, for each known kind of feed: what stays the same while the feed changes around it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.feed_parse import parse
from connectors.feed_profiles import Item, Profile, items, profile_of
from connectors.feed_shape import Document, Entry

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 3, 6, tzinfo=UTC)


def found(body: bytes, profile: Profile) -> list[Item]:
    return items(parse(body, url="http://x.example/f"), profile, doubled=frozenset(), now=NOW)[0]


def of(*entries: Entry, doubled: frozenset[str] = frozenset()) -> list[Item]:
    return items(Document(format="rss20", entries=list(entries)), Profile.GENERIC, doubled=doubled, now=NOW)[
        0
    ]


@pytest.mark.parametrize(
    ("url", "profile"),
    [
        ("https://www.google.co.uk/alerts/feeds/1/2", Profile.GOOGLE_ALERTS),
        ("https://news.google.com/rss/search?q=x", Profile.GOOGLE_NEWS),
        ("https://www.bing.com/news/search?q=x&format=rss", Profile.BING_NEWS),
        ("https://feeds.bbci.co.uk/news/topics/c0/rss.xml", Profile.BBC),
        ("https://forum.example/app.php/feed/forum/2", Profile.PHPBB),
        ("https://forum.example/talk/feed.php?f=2", Profile.PHPBB),
        ("https://parish.example/feed/", Profile.GENERIC),
        ("https://news.google.com.evil.example/rss", Profile.GENERIC),
        ("https://evil.example/alerts/feeds/", Profile.GENERIC),
        ("http://[", Profile.GENERIC),
    ],
)
def test_profile_by_address(url: str, profile: Profile) -> None:
    assert profile_of(url) is profile


def test_google_alerts_gives_the_target_and_plain_words() -> None:
    (item,) = found((DATA / "google_alerts.atom").read_bytes(), Profile.GOOGLE_ALERTS)
    assert item.id == "tag:google.com,2013:googlealerts/feed:9001"
    assert item.entry.link == "https://courier.example/news/light?id=4"
    assert item.entry.title == "Parents at Brindleford Primary ask for a light 'now'"
    assert item.entry.text == 'The head of Brindleford Primary said "soon" ...'


def test_google_news_knows_an_article_again_though_its_token_changed() -> None:
    body = (DATA / "google_news.rss").read_bytes()
    (before,) = found(body, Profile.GOOGLE_NEWS)
    (after,) = found(body.replace(b"CBMiTOKENone", b"CBMiTOKENtwo"), Profile.GOOGLE_NEWS)
    (other,) = found(body.replace(b"Light wanted", b"Light refused"), Profile.GOOGLE_NEWS)
    assert before.id == after.id != other.id
    assert (before.entry.title, before.entry.text, before.entry.author) == (
        "Light wanted at crossing",
        "",
        "Dunnock Courier",
    )
    assert before.entry.link.startswith("https://news.google.com/rss/articles/CBMiTOKENone")


def test_bing_news_knows_an_article_again_though_its_link_changed() -> None:
    body = (DATA / "bing_news.rss").read_bytes()
    (before,) = found(body, Profile.BING_NEWS)
    (after,) = found(body.replace(b"tid=TOKENone", b"tid=TOKENtwo"), Profile.BING_NEWS)
    assert before.id == after.id
    assert before.entry.link == "https://courier.example/news/light"


def test_bbc_revisions_and_hosts_are_one_article() -> None:
    body = (DATA / "bbc.rss").read_bytes()
    (before,) = found(body, Profile.BBC)
    (after,) = found(body.replace(b"001o#0", b"001o#1").replace(b"bbc.com", b"bbc.co.uk"), Profile.BBC)
    assert before.id == after.id == "bbc/news/articles/c0000000001o"
    assert before.entry.link == "https://www.bbc.com/news/articles/c0000000001o"


def test_phpbb_loses_the_line_that_counts_readers() -> None:
    (item,) = found((DATA / "phpbb.atom").read_bytes(), Profile.PHPBB)
    assert item.entry.text == "They park on the zigzags each morning."
    assert item.entry.link.endswith("viewtopic.php?p=512#p512")
    assert item.published_at == datetime(2026, 3, 5, 9, 14, tzinfo=UTC)
    assert item.edited_at == datetime(2026, 3, 5, 9, 20, tzinfo=UTC)


def test_wordpress_comments_name_their_page_and_their_author() -> None:
    first, second = found((DATA / "wordpress_comments.rss").read_bytes(), Profile.GENERIC)
    assert (first.comment_on, first.entry.author, first.entry.title) == (
        "Crossing “unsafe” by the ford",
        "Tam Quill",
        "",
    )
    assert second.comment_on == "Summer fair moved"
    assert first.entry.link.endswith("#comment-7")


def test_a_comment_in_a_pages_own_feed() -> None:
    document = Document(
        format="rss20", title="Comments on: Summer fair", entries=[Entry(guid="1", title="By: Tam Quill")]
    )
    (item,) = items(document, Profile.GENERIC, doubled=frozenset(), now=NOW)[0]
    assert (item.comment_on, item.entry.author) == ("Summer fair", "Tam Quill")


@pytest.mark.parametrize("title", ["By: the river", "Comment on the budget", "A comment on X by Y"])
def test_titles_that_only_look_like_a_comments(title: str) -> None:
    (item,) = of(Entry(guid="1", title=title))
    assert (item.comment_on, item.entry.title) == (None, title)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (Entry(guid="http://a.example/?p=1"), Entry(guid="https://a.example/?p=1")),  # pitfall 15
        (Entry(guid=" x "), Entry(guid="x")),
        (Entry(link="http://a.example/x?utm_source=1"), Entry(link="https://a.example/x")),
        (
            Entry(title="t", published="2026-03-01T00:00:00Z", text="a"),
            Entry(title="t", published="Sun, 01 Mar 2026 00:00:00 GMT", text="b"),
        ),
        (Entry(title="t", text="a"), Entry(title="t", text="a", author="b")),
    ],
)
def test_same_identity(one: Entry, two: Entry) -> None:
    assert of(one)[0].id == of(two)[0].id


def test_long_ids_are_hashed_whole() -> None:
    one, two = of(Entry(guid="x" * 5000 + "1"), Entry(guid="x" * 5000 + "2"))
    assert one.id != two.id
    assert len(one.id) < 100


def test_one_guid_for_all_items_is_told_apart_by_link() -> None:
    entries = [Entry(guid="same", link=f"http://a.example/{n}", title=str(n)) for n in range(3)]
    assert len({item.id for item in of(*entries)}) == 3
    shared = items(Document(entries=entries), Profile.GENERIC, doubled=frozenset(), now=NOW)[1]
    assert of(entries[1], doubled=shared)[0].id == of(*entries)[1].id  # also when it stands alone later


def test_one_guid_and_no_links_is_told_apart_by_title() -> None:
    assert len(of(Entry(guid="same", title="a"), Entry(guid="same", title="b"))) == 2


def test_the_same_entry_twice_is_one_whatever_the_order() -> None:
    short = Entry(guid="1", link="http://a.example/1", text="a")
    long = Entry(guid="1", link="https://a.example/1?utm_source=x", text="a and more")
    assert len(of(short, long)) == 1
    assert of(short, long)[0].entry.text == of(long, short)[0].entry.text == "a and more"


def test_an_entry_with_only_an_edit_time_is_dated_by_it() -> None:
    (item,) = of(Entry(guid="1", updated="2026-03-01T00:00:00Z"))
    assert (item.published_at, item.edited_at) == (datetime(2026, 3, 1, tzinfo=UTC), None)


def test_a_silly_date_leaves_the_entry_undated_and_in() -> None:
    (item,) = of(Entry(guid="1", published="1762160400"))
    assert item.published_at is None
