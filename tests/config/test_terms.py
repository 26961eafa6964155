"""The term linter: what is refused in each place, and the school names beside it that must pass."""

from __future__ import annotations

from typing import Any

import pytest

from config.faults import ConfigError
from config.terms import (
    Known,
    contact_reason,
    domain_reason,
    glued_reason,
    is_own_handle,
    person_reason,
    profile_handle,
    purpose_reason,
)

HERE = Known(
    name="Brindleford Primary School",
    places=("Brindleford", "Otter Vale"),
    persons=("Constance Amble", "Wilfred Trott", "Jocelyn Marl"),
    searchable=("Constance Amble",),
)
pytestmark = [pytest.mark.pbd("PBD-09")]


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("head@brindleford.example", "e-mail"),
        ("01632 960123", "telephone"),
        ("+44 1632 960 123", "telephone"),
        ("https://talk.example/jane", "web address"),
        ("www.talk.example", "web address"),
        ("@somebody", "handle"),
        ("see @somebody", "handle"),
        ("Brindleford Primary", ""),
        ("St Mary's C of E Primary, Lower Vale", ""),
        ("Class of 2026-2027", ""),
        ("School @ the Mill", ""),
    ],
)
def test_ways_to_reach_somebody_are_no_terms(term: str, words: str) -> None:
    found = contact_reason(term)
    assert (words in found) if words else found == ""


@pytest.mark.pbd("PBD-10")
@pytest.mark.pbd("PBD-15")
@pytest.mark.refusal(6)
@pytest.mark.refusal(11)
@pytest.mark.parametrize(
    ("term", "who"),
    [
        ("applicants Brindleford", "applicants for a post"),
        ("Brindleford job applications", "applicants for a post"),
        ("Brindleford parents", "parents"),
        ("mums of Brindleford", "parents"),
        ("Brindleford PTA", "parents"),
        ("Brindleford pupils", "pupils"),
        ("a student at Brindleford", "pupils"),
        ("Brindleford alumni", "former pupils"),
        ("ex-pupils of Brindleford", "former pupils"),
        ("the reporter", "journalists"),
        ("Cllr Brindle", "councillors"),
        ("local councillors", "councillors"),
        ("NASUWT Brindleford", "trade unions"),
        ("teaching union", "trade unions"),
        ("Brindleford strike", "strikes"),
        ("teachers striking", "strikes"),
        ("walk-out", "strikes"),
        ("Brindleford protest", "protests"),
        ("boycott Brindleford", "protests"),
        ("Ofsted complaint Brindleford", "complaints"),
        ("whistleblower Brindleford", "complaints"),
    ],
)
def test_refused_purposes(term: str, who: str) -> None:
    assert who in purpose_reason(term, HERE)


@pytest.mark.parametrize(
    "name",
    [
        "Union Street Primary School", "Union Mills Primary School", "Otter Vale Pupil Referral Unit",
        "Councillor Lane Primary School", "Parents Lane Infant School", "Parentstown School", "Striker's Field School",
        "Communion Road School", "Reunion Academy", "Studentship Hall School", "Mumsford Primary", "Dadley School",
    ],
)  # fmt: skip
def test_school_names_that_hold_such_words_pass(name: str) -> None:
    assert purpose_reason(name, Known(), is_name=True) == ""


def test_a_word_of_the_schools_own_name_is_no_purpose() -> None:
    mills = Known(name="Union Mills Primary School")
    assert purpose_reason("Old Union", mills) == ""
    assert "trade unions" in purpose_reason("teachers union", mills)
    assert "parents" in purpose_reason("Parents of Brindleford Primary School", Known(), is_name=True)


PEOPLE = [
    "Jane Smith", "jane smith", "Mrs Pargeter", "Mr P", "Cllr Dobbs", "Zebedee Quarm", "Jane Hill", "Oliver Park",
    "Constance Amble", "wilfred trott", "Jocelyn Marl", "Sir Humbert Pole", "Mary Anne Quill", "Seán Ó Bréartúin",
]  # fmt: skip
NAMES = [
    "St Mary's", "St Mary's C of E Primary", "King Edward", "King Edward VI", "Queen Anne's", "Our Lady of Lourdes",
    "Holy Trinity", "Sacred Heart", "Thomas More Academy", "Jane Austen College", "Mrs Dale's School",
    "Dr Fell's Grammar School", "Oliver Wood Infants", "The Towers", "Victoria Park", "Holly Lodge", "Rose Hill",
    "Ysgol Maes Celyn", "Bryn Glas", "Gaelscoil Uí Dhuinn", "BPS", "BPS Otter Vale", "Brindleford Juniors",
    "Little Brindles", "Brindleford", "Upper Otter", "Otter Valley MAT", "Lady Otter", "1st Brindleford",
]  # fmt: skip


@pytest.mark.refusal(5)
@pytest.mark.parametrize("term", PEOPLE)
def test_a_name_of_a_person_is_no_alias(term: str) -> None:
    assert "person's name" in person_reason(term, HERE)


@pytest.mark.parametrize("term", NAMES)
def test_a_name_of_a_school_passes(term: str) -> None:
    assert person_reason(term, HERE) == ""
    assert purpose_reason(term, HERE) == ""
    assert contact_reason(term) == ""


def test_a_part_of_the_schools_own_name_passes_and_a_persons_name_does_not() -> None:
    more = Known(name="Thomas More Academy", persons=("Alice More",))
    assert person_reason("Thomas More", more) == ""
    assert person_reason("Alice More", more)
    assert person_reason("Thomas Less", more)
    assert person_reason("Thomas More", HERE), "of another school it is a person's"


@pytest.mark.refusal(5)
@pytest.mark.parametrize(
    ("term", "refused"),
    [
        ("Constance Amble", False),
        ("Constance Amble Brindleford", False),
        ("Wilfred Trott", True),  # of the register, but not watched for now
        ("Wilfred Trott Brindleford School", True),
        ("Jane Smith Brindleford Primary School", True),
        ("Brindleford Primary School", False),
        ("Brindleford", False),
        ("Otter Vale Brindleford", False),
    ],
)
def test_a_search_may_hold_the_school_and_staff_who_are_watched_for(term: str, refused: bool) -> None:
    assert bool(person_reason(term, HERE, searched=True)) is refused


@pytest.mark.pbd("PBD-37")
@pytest.mark.parametrize(
    ("term", "known", "refused"),
    [
        ("@JaneSmith", HERE, True),
        ("@jane.smith", HERE, True),
        ("@constanceamble", HERE, True),
        ("@camble", HERE, True),
        ("@amble_constance@town.example", HERE, True),
        ("@MrsAmble", HERE, True),
        ("#JaneSmith", HERE, True),
        ("#sackmrsamble", HERE, True),
        ("#brindlefordstrike", HERE, True),
        ("#brindlefordparents", HERE, True),
        ("#boycottbrindleford", HERE, True),
        ("@Brindleford", HERE, False),
        ("@brindleford.bsky.social", HERE, False),
        ("@StMarysOtter", HERE, False),
        ("@OtterValePrimary", HERE, False),
        ("@KingEdwardSchool", HERE, False),
        ("@RoseHill", HERE, False),
        ("#brindlefordreunion", HERE, False),
        ("#BPSfamily", HERE, False),
        ("#firstcommunion", HERE, False),
        ("@ThomasMore", Known(name="Thomas More Academy"), False),
        ("@ThomasMore", HERE, True),
        ("@unionmills", Known(name="Union Mills School"), False),
    ],
)
def test_hashtags_and_handles_are_the_schools_own(term: str, known: Known, refused: bool) -> None:
    assert bool(glued_reason(term, known)) is refused


@pytest.mark.parametrize(
    ("domain", "fine"),
    [
        ("brindleford.example", True),
        ("www.brindleford.sch.example", True),
        ("facebook.com", False),
        ("www.x.com", False),
        ("https://brindleford.example", False),
        ("jane@brindleford.example", False),
        ("brindleford", False),
    ],
)
def test_a_domain_is_a_host_of_the_schools_own(domain: str, fine: bool) -> None:
    assert (domain_reason(domain) == "") is fine


@pytest.mark.pbd("PBD-08")
@pytest.mark.refusal(9)
@pytest.mark.parametrize(
    ("address", "handle"),
    [
        ("https://town.example/@jane.rss", "@jane"),
        ("https://town.example/users/jane/outbox", "jane"),
        ("https://www.reddit.com/user/jane/.rss", "jane"),
        ("https://old.reddit.com/u/jane", "jane"),
        ("https://bsky.app/profile/jane.bsky.social/rss", "jane.bsky.social"),
        ("https://x.com/jane", "jane"),
        ("https://www.facebook.com/jane.smith.3", "jane.smith.3"),
        ("https://www.facebook.com/profile.php?id=1", "profile.php"),
        ("https://www.linkedin.com/in/jane", "jane"),
        ("https://www.youtube.com/channel/UC1", "UC1"),
        ("https://blog.example/author/jane/feed", "jane"),
        ("https://news.example/rss/local.xml", ""),
        ("https://news.example/c/education/rss", ""),
        ("https://news.example/people/feed.xml", ""),
        ("https://town.example/tags/brindleford.rss", ""),
        ("https://www.facebook.com/groups/1", ""),
        ("https://x.com/", ""),
        ("https://forum.example/members/feed", ""),
    ],
)
def test_the_address_of_a_profile_is_known(address: str, handle: str) -> None:
    assert profile_handle(address) == handle


def test_the_schools_own_accounts_are_its_own() -> None:
    own = ("@Brindleford", "mastodon:@brindle@town.example")
    assert [is_own_handle(h, own) for h in ("brindleford", "@brindle@town.example", "brindle", "bob", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip


WRONG = [
    ("schools.toml", 'name = "Brindleford Primary School"', 'name = "Jane Smith"', "name = \"Jane", "person's name"),
    ("schools.toml", 'name = "Brindleford Primary School"', 'name = "Parents of Otter School"', "Parents", "parents"),
    ("schools.toml", '["Brindleford"]\nplaces', '["Brindleford", "Jocelyn Marl"]\nplaces', "Marl", "person's name"),
    ("schools.toml", '["Brindleford"]\nplaces', '["07700 900123"]\nplaces', "07700", "telephone"),
    ("schools.toml", 'places = ["Brindleford"]', 'places = ["Wilfred Trott"]', "places", "person's name"),
    ("schools.toml", "places", 'hashtags = ["#brindlefordstrike"]\nplaces', "hashtags", "('strike')"),
    ("schools.toml", "places", 'handles = ["@WilfredTrott"]\nplaces', "handles", "is a person's"),
    ("schools.toml", "places", 'handles = ["town.example/@w"]\nplaces', "handles", "write the handle alone"),
    ("schools.toml", "places", 'accounts = ["x:@JaneSmith"]\nplaces', "accounts", "looks like a person's"),
    ("schools.toml", "places", 'domains = ["facebook.com"]\nplaces', "domains", "belongs to everybody"),
    ("schools.toml", '"Wilfred Trott"', '"@wilf"', '"@wilf"', "handle"),
    ("schools.toml", '"Wilfred Trott"', '"w.trott@talk.example"', "talk.example", "e-mail"),
    ("schools.toml", 'role = "Teacher"', 'role = "Parent governor"', "Parent gov", "no role of staff"),
    ("schools.toml", 'role = "Teacher"', 'role = "Year 6 pupil"', "Year 6", "no role of staff"),
    ("schools.toml", 'role = "Teacher"', 'role = "applicant"', "applicant", "no role of staff"),
    ("sources.toml", "www.brindleford.example/feed", "town.example/@jane.rss", "@jane", "reads the account of one"),
    ("sources.toml", "www.brindleford.example/feed", "n.example/?q=Jane+Smith", "?q=", "searches for 'Jane Smith'"),
    ("sources.toml", "www.brindleford.example/feed", "n.example/?q=brindleford+strike", "?q=", "strikes"),
    ("sources.toml", "www.brindleford.example/feed", "n.example/?user_id=jane", "?user", "reads the account of one"),
]  # fmt: skip


@pytest.mark.refusal(5)
@pytest.mark.parametrize(("file", "old", "new", "where", "words"), WRONG)
def test_a_refused_term_names_file_line_and_why(
    folder: Any, file: str, old: str, new: str, where: str, words: str
) -> None:
    folder.swap(file, old, new)
    with pytest.raises(ConfigError) as caught:
        folder.load()
    line = folder.line(file, where)
    assert [f for f in caught.value.faults if (f.file, f.line) == (file, line) and words in f.message], str(
        caught.value
    )


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("schools.toml", 'role = "Teacher"', 'role = "Pupil premium lead"'),
        ("schools.toml", 'role = "Teacher"', 'role = "Parent support adviser"'),
        ("schools.toml", 'role = "Teacher"', 'role = "Student teacher"'),
        ("schools.toml", "places", 'handles = ["@brindle@town.example"]\nplaces'),
        ("sources.toml", "www.brindleford.example/feed", "n.example/?q=Brindleford+Primary"),
        ("sources.toml", "www.brindleford.example/feed", "n.example/?q=%22Constance+Amble%22+OR+Brindleford"),
        ("sources.toml", "www.brindleford.example/feed", "news.example/section/feed?page=2&sort=new"),
    ],
)
def test_what_is_right_passes(folder: Any, file: str, old: str, new: str) -> None:
    folder.swap(file, old, new)
    assert folder.load().schools


def test_the_schools_own_site_and_account_may_be_read_by_author(folder: Any) -> None:
    folder.swap("schools.toml", "places", 'domains = ["brindleford.example"]\nhandles = ["@brindle"]\nplaces')
    folder.swap("sources.toml", "brindleford.example/feed", "brindleford.example/author/office/feed")
    assert folder.load().sources
    folder.swap("sources.toml", "www.brindleford.example/author/office/feed", "town.example/@brindle.rss")
    assert folder.load().sources


def test_nobodys_name_may_be_searched_when_staff_terms_are_off(folder: Any) -> None:
    folder.swap("sources.toml", "www.brindleford.example/feed", "n.example/?q=Constance+Amble")
    assert folder.load().sources
    folder.files["mentionwatch.toml"] += "[watch]\nstaff_terms = false\n"
    with pytest.raises(ConfigError, match="searches for 'Constance Amble'"):
        folder.load()
