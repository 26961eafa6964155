"""`mastodon`: public posts on one server of Mastodon, or of another that speaks its API.

Settings of a source with `kind = "mastodon"`:

    base_url      the server, for example https://mastodon.example
    tags          hashtags to watch, without the #
    accounts      official accounts to watch (the school, its trust, local press), as name or name@server
    search        words to search for; needs a token of the school's own account
    mentions      true for posts that mention the school's own account; needs its token
    access_token  that token, as { credential = "NAME" }; scopes read:statuses read:search read:notifications

A server's hashtag holds only what has reached that server, so watch the tags on
two or three: one post has the same id on all. An edited post is given again,
with the same id. Only public and unlisted posts are taken, and of strangers only
those who do not ask to be left out of indexes (`noindex`, `indexable: false`,
`#nobot`); when some were left out, or a server keeps a part from strangers, the
batch is marked "reduced coverage", as it is when one of several timelines cannot
be read: a source for each shows which. Search finds only posts whose authors
agreed to be found. At the first poll each timeline gives its newest 40. Not
covered: words that are no hashtags (without search), edits of posts older than
the newest 40, and deletions. No author's profile is read, only the named
official accounts'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field, StringConstraints, field_validator, model_validator

from connectors import mastodon_memory
from connectors.base import Batch, FetchError, Notice, Options, Reason
from connectors.feed_profiles import short_hash
from connectors.links import web_link
from connectors.mastodon_api import Api, token_of
from connectors.mastodon_walk import Reading, Timeline, follow

if TYPE_CHECKING:
    from connectors.http import PoliteClient

DAILY = timedelta(days=1)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_OF_THE_HOST = frozenset(
    {Reason.UNREACHABLE, Reason.TIMEOUT, Reason.SERVER, Reason.RATE_LIMITED, Reason.ROBOTS}
)
Tag = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\w+$", max_length=100)]
Acct = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.-]+(@[\w.:-]+)?$", max_length=300)
]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class MastodonOptions(Options):
    """Settings of one server; see the module for what they mean."""

    base_url: str
    tags: tuple[Tag, ...] = Field(default=(), max_length=20)
    accounts: tuple[Acct, ...] = Field(default=(), max_length=20)
    search: tuple[Words, ...] = Field(default=(), max_length=10)
    mentions: bool = False
    access_token: Callable[[], str] | None = Field(default=None, repr=False)

    @field_validator("base_url")
    @classmethod
    def _server(cls, url: str) -> str:
        link = web_link(url)
        if not link or urlsplit(link).path.strip("/") or "?" in link or "#" in link or "@" in link:
            raise ValueError("base_url must be the web address of a server, such as https://mastodon.example")
        return link.rstrip("/")

    @model_validator(mode="after")
    def _fit_together(self) -> MastodonOptions:
        if not (self.tags or self.accounts or self.search or self.mentions):
            raise ValueError("set at least one of tags, accounts, search and mentions")
        if (self.search or self.mentions) and self.access_token is None:
            raise ValueError("search and mentions need access_token: a server answers strangers with nothing")
        parts = urlsplit(self.base_url)
        if self.access_token is not None and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("with an access_token, base_url must start with https://")
        return self


class Mastodon:
    """The connector; it holds nothing between two fetches."""

    kind: ClassVar[str] = "mastodon"
    options: ClassVar[type[Options]] = MastodonOptions
    expected_every: ClassVar[timedelta] = timedelta(days=60)
    default_every: ClassVar[timedelta] = timedelta(minutes=5)
    access: ClassVar[str] = "public-unauthenticated"

    def fetch(
        self,
        options: MastodonOptions,
        cursor: Mapping[str, Any] | None,
        http: PoliteClient,
        *,
        limit: int,
        now: datetime,
    ) -> Batch:
        """What is new or edited since `cursor`; see `connectors.base.Connector`."""
        memory = mastodon_memory.read(cursor, options.base_url)
        api = Api(options.base_url, http, now, known=bool(memory.looked_at))
        api.token = token_of(options.access_token, api.host)
        reading = Reading(api, memory, now, max(limit, 0))
        _look_at_server(reading)
        failure = _read_all(options, reading)
        wishes = [at for at in (api.spent_until, failure.not_before if failure else None) if at]
        return Batch(
            posts=tuple(reading.posts),
            cursor=mastodon_memory.written(memory),
            not_before=max(wishes, default=None),
            unchanged=not reading.posts,
            notices=tuple(dict.fromkeys(reading.notices)),
        )


def _read_all(options: MastodonOptions, reading: Reading) -> FetchError | None:
    """Read each timeline. One that fails does not stop the others, unless the whole server does.

    Gives the failure that cut a fetch short which had brought something.

    Raises:
        FetchError: nothing could be read, or the server failed before there was anything new.
    """
    failures: list[FetchError] = []
    read_count = 0
    for begin in _timelines(options, reading):
        if reading.full:
            break
        try:
            follow(begin(), reading)
            read_count += 1
        except FetchError as e:
            failures.append(e)
            if e.reason in _OF_THE_HOST:
                break
    if not failures:
        return None
    last = failures[-1]
    if not reading.posts and (read_count == 0 or last.reason in _OF_THE_HOST):
        raise failures[0] if read_count == 0 else last
    if last.reason not in _OF_THE_HOST:
        reading.notices.append(Notice.REDUCED)
    return last


def _timelines(options: MastodonOptions, reading: Reading) -> list[Callable[[], Timeline]]:
    """Each timeline as the work that finds it, since that can fail for one alone."""
    found: list[Callable[[], Timeline]] = [
        *(partial(_of_tag, tag, reading) for tag in options.tags),
        *(partial(_of_account, acct, reading) for acct in options.accounts),
        *(partial(_of_search, words, reading) for words in options.search),
    ]
    if options.mentions:
        found.append(_of_mentions)
    return found


def _of_tag(tag: str, reading: Reading) -> Timeline:
    access = set(reading.memory.access.values())
    host = reading.api.host
    if access == {"disabled"}:
        raise FetchError(Reason.FORBIDDEN, f"{host} has switched its hashtag timelines off", retry=False)
    if not reading.api.token and access and "public" not in access:
        raise FetchError(
            Reason.AUTH, f"{host} shows hashtags to signed-in users only; set access_token", retry=False
        )
    if "disabled" in access or ("authenticated" in access and not reading.api.token):
        reading.notices.append(Notice.REDUCED)
    return Timeline(f"tag:{tag.lower()}", f"/api/v1/timelines/tag/{quote(tag, safe='')}")


def _of_account(acct: str, reading: Reading) -> Timeline:
    key = short_hash(f"account:{acct.lower()}")
    if key not in reading.memory.ids:
        found = reading.api.ask("/api/v1/accounts/lookup", acct=acct)
        id = found.get("id") if isinstance(found, dict) else None
        if not isinstance(id, (str, int)) or not str(id).isalnum():
            raise FetchError(
                Reason.UNREADABLE, f"{reading.api.host} gave an account without an id", retry=True
            )
        reading.memory.ids[key] = str(id)
    path = f"/api/v1/accounts/{quote(reading.memory.ids[key], safe='')}/statuses"
    return Timeline(f"account:{acct.lower()}", path, to_us=True)


def _of_search(words: str, reading: Reading) -> Timeline:
    """Search answers an application's token, or none, with nothing and says no word: so ask first whose it is."""
    second = int(reading.now.timestamp())
    if not 0 <= second - reading.memory.user_at < DAILY.total_seconds():
        _refuse_strange_token(reading.api)
        reading.memory.user_at = second
    return Timeline(
        f"search:{words.lower()}",
        "/api/v2/search",
        (("q", words), ("type", "statuses")),
        key="statuses",
        backwards=True,
    )


def _refuse_strange_token(api: Api) -> None:
    probe: dict[str, str | int] = {"types[]": "mention", "limit": 1}
    try:
        api.ask("/api/v1/notifications", **probe)
    except FetchError as e:
        if e.reason not in (Reason.AUTH, Reason.FORBIDDEN):
            raise
        detail = f"{api.host}: the token is not one of an account, with read:notifications"
        raise FetchError(Reason.AUTH, detail, retry=False) from e


def _of_mentions() -> Timeline:
    return Timeline(
        "mentions", "/api/v1/notifications", (("types[]", "mention"),), inner="status", to_us=True
    )


def _look_at_server(reading: Reading) -> None:
    """Once a day: what the server lets strangers read, and the name that its accounts carry.

    Servers that do not tell (older ones, or not Mastodon) are simply asked.
    """
    second = int(reading.now.timestamp())
    memory = reading.memory
    if 0 <= second - memory.looked_at < DAILY.total_seconds():
        return
    try:
        about = reading.api.ask("/api/v2/instance")
    except FetchError as e:
        if e.reason in _OF_THE_HOST or (e.reason is Reason.AUTH and reading.api.token):
            raise
        about = None
    tags = _at(about, "configuration", "timelines_access", "hashtag_feeds")
    shown = tags if isinstance(tags, dict) else {}
    memory.access = {k: shown[k] for k in ("local", "remote") if isinstance(shown.get(k), str)}
    domain = _at(about, "domain")
    memory.domain = domain if isinstance(domain, str) and 0 < len(domain) <= 255 else reading.api.host
    memory.looked_at = second
    memory.ids = {}  # an account may have been made anew


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
