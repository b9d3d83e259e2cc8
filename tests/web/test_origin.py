"""Origins: only our own pages and those of ALLOWED_ORIGINS, with scheme and port; nothing makes it raise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from market.origin import Scope, allowed_origin, cors_headers, parse_origin

FRIEND = "https://friend.example:8443"


@pytest.fixture(autouse=True)
def allowed(settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = [FRIEND]
    settings.ALLOWED_HOSTS = ["prices.example", "127.0.0.1", "[::1]"]
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]


def scope(
    *origins: str,
    host: str = "prices.example",
    scheme: str = "https",
    client: str = "203.0.113.7",
    **headers: str,
) -> Scope:
    """A connection to us; `headers` in Python's spelling."""
    pairs = [(b"origin", origin.encode("latin-1")) for origin in origins]
    pairs += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"scheme": scheme, "client": (client, 1), "headers": [(b"host", host.encode()), *pairs]}


def test_a_native_client_sends_no_origin_and_is_let_in() -> None:
    assert allowed_origin(scope())


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        ("https://prices.example", "prices.example", "https"),
        ("https://prices.example", "prices.example", "wss"),
        ("https://prices.example", "prices.example:443", "wss"),
        ("HTTPS://PRICES.example", "prices.example", "https"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "ws"),
        ("http://[::1]:8000", "[::1]:8000", "ws"),
        (FRIEND, "prices.example", "wss"),
    ],
)
def test_pages_of_ours_and_of_listed_sites_are_let_in(origin: str, host: str, scheme: str) -> None:
    assert allowed_origin(scope(origin, host=host, scheme=scheme))


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evil.example",
        "https://prices.example.evil.example",
        "https://evilprices.example",
        "https://prices.example@evil.example",
        "https://prices.example:8000",
        "http://prices.example",
        "https://friend.example",
        "http://friend.example:8443",
        "https://friend.example:8443/",
        "https://[bad",
        "https://prices.example:99999999",
        "file://",
        "https://" + "a" * 8192,
        "https://prices.example https://evil.example",
        "\xff\xfe",
    ],
)
def test_everything_else_is_refused(origin: str) -> None:
    assert not allowed_origin(scope(origin))


def test_two_origins_are_refused() -> None:
    assert not allowed_origin(scope("https://prices.example", "https://prices.example"))


def test_a_host_that_is_not_ours_is_no_origin_of_ours() -> None:
    assert not allowed_origin(scope("https://rebound.example", host="rebound.example"))


def test_a_trusted_proxy_says_which_scheme_the_page_had() -> None:
    told = scope("https://prices.example", scheme="http", client="10.1.2.3", x_forwarded_proto="https")

    assert allowed_origin(told)


def test_nobody_else_does() -> None:
    told = scope("https://prices.example", scheme="http", client="203.0.113.7", x_forwarded_proto="https")

    assert not allowed_origin(told)


@given(
    origins=st.lists(st.text(st.characters(max_codepoint=255)), max_size=2),
    host=st.text(st.characters(max_codepoint=127)),
    scheme=st.sampled_from(["http", "https", "ws", "wss", "gopher"]),
)
def test_nothing_makes_it_raise(origins: list[str], host: str, scheme: str) -> None:
    assert allowed_origin(scope(*origins, host=host, scheme=scheme)) in (True, False)


def test_a_connection_without_an_address_is_no_trusted_proxy() -> None:
    assert not allowed_origin({**scope("https://prices.example", scheme="http"), "client": None})


def test_cors_names_listed_sites_only() -> None:
    vary = (b"vary", b"Origin")

    assert cors_headers(scope(FRIEND)) == [vary, (b"access-control-allow-origin", FRIEND.encode())]
    assert cors_headers(scope("https://evil.example")) == [vary]
    assert cors_headers(scope()) == [vary]


def test_the_port_that_the_scheme_implies_may_be_left_out() -> None:
    assert parse_origin("https://prices.example:443") == parse_origin("https://prices.example")
    assert str(parse_origin("https://prices.example:443")) == "https://prices.example"
