"""The address guard: every odd range refused, its public neighbour let through."""

from __future__ import annotations

from ipaddress import IPv4Address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.addresses import AllowList, checked_url, host_of, origin_of, port_of, refusal
from connectors.base import FetchError, Reason

REFUSED = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:224.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1",
    "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1",
    "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1",
    "ff02::1", "ff0e::1",
    "localhost", "0x7f.1", "127.1", "", "8.8.8.8.8", "[::1]",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
    "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.169.0.1", "198.17.255.255",
    "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8",
    "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450::1",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_special_addresses_are_refused(address: str) -> None:
    assert refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize(
    ("address", "passes"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("fd00::5", True),
        ("::ffff:192.168.0.1", True),
        ("8.8.8.8", True),
        ("169.254.169.254", False),
        ("fe80::1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("nonsense", False),
    ],
)
def test_a_listed_host_may_lie_inside_but_not_anywhere(address: str, passes: bool) -> None:
    assert (refusal(address, listed=True) == "") is passes


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_one_inside(address: IPv4Address) -> None:
    assert refusal(f"::ffff:{address}") == refusal(str(address))


@given(st.ip_addresses().map(str) | st.text(max_size=30))
def test_what_python_calls_private_is_never_passed(address: str) -> None:
    if refusal(address) == "":
        assert ":" in address or IPv4Address(address).is_global


def test_the_allow_list_goes_by_name_and_port() -> None:
    allowed = AllowList(["Intranet.Example.:8080", "127.0.0.1:9000", "[::1]:70", "bücher.example:80"])
    assert allowed.lists("intranet.example", 8080)
    assert allowed.lists("127.0.0.1", 9000)
    assert allowed.lists("::1", 70)
    assert allowed.lists("xn--bcher-kva.example", 80)
    assert not allowed.lists("intranet.example", 8081)
    assert not allowed.lists("www.intranet.example", 8080)
    assert not allowed.lists("localhost", 9000)
    assert not AllowList().lists("127.0.0.1", 80)


@pytest.mark.parametrize(
    "entry", ["host", "host:", "host:0", "host:70000", ":80", "a b:80", "http://h:80", ".:80"]
)
def test_an_entry_that_is_not_host_and_port_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        AllowList([entry])


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/feed",
        "https://news.example:443/",
        "http://news.example:443/",
        "https://[2a00:1450::1]/x",
        "http://intranet.example:8080/",
        "HTTPS://NEWS.EXAMPLE/",
    ],
)
def test_ordinary_urls_pass(url: str) -> None:
    assert checked_url(url, AllowList(["intranet.example:8080"])).scheme in ("http", "https")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://news.example/",
        "file:///etc/hostname",
        "javascript:alert(1)",
        "//news.example/",
        "http:///feed",
        "http://./feed",
        "feed.xml",
        "",
        "http://a b/",
        "http://[::1",
        "http://xn--a-.example\u2028/",
        "http://" + "a" * 70_000,
        "http://news.example:8080/",
        "http://news.example:0/",
        "http://news.example:99999/",
        "http://user:word@news.example/",
        "http://token@news.example/",
    ],
)
def test_other_urls_are_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        checked_url(url, AllowList())
    assert caught.value.retry is False
    assert "word" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_port_that_is_not_allowed_names_the_right_reason() -> None:
    with pytest.raises(FetchError) as caught:
        checked_url("http://news.example:22/", AllowList(["news.example:8080"]))
    assert caught.value.reason is Reason.UNSAFE_ADDRESS


def test_origins_take_the_default_port_for_what_it_is() -> None:
    assert origin_of(httpx.URL("https://A.Example/x")) == origin_of(httpx.URL("https://a.example:443/y"))
    assert origin_of(httpx.URL("http://a.example/")) != origin_of(httpx.URL("https://a.example/"))
    assert host_of(httpx.URL("http://[::1]:80/")) == "::1"
    assert port_of(httpx.URL("http://a.example:81/")) == 81
