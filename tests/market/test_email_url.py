"""`EMAIL_URL`: one address instead of seven settings."""

import pytest

from pricefeed.email_url import read_email_url


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp+tls://mail.example", 587, True, False),
        ("smtps://mail.example", 465, False, True),
        ("smtp://mail.example:2525", 2525, False, False),
    ],
)
def test_the_scheme_says_how_it_is_encrypted(url: str, port: int, tls: bool, ssl: bool) -> None:
    read = read_email_url(url)

    assert (read["EMAIL_HOST"], read["EMAIL_PORT"]) == ("mail.example", port)
    assert (read["EMAIL_USE_TLS"], read["EMAIL_USE_SSL"]) == (tls, ssl)


def test_user_and_password_may_have_any_character() -> None:
    read = read_email_url("smtp+tls://me%40example.com:p%2Fw%3A@mail.example")

    assert (read["EMAIL_HOST_USER"], read["EMAIL_HOST_PASSWORD"]) == ("me@example.com", "p/w:")


def test_without_it_there_is_no_mail_server() -> None:
    assert read_email_url("")["EMAIL_HOST"] == ""


@pytest.mark.parametrize("url", ["mail.example", "http://u:hidden@mail.example", "smtp://", "smtp://u:hidden@m:x1"])
def test_nonsense_is_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_email_url(url)

    assert "hidden" not in str(caught.value)
