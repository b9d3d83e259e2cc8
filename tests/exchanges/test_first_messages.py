"""Symbols that were subscribed and never heard of."""

from market.exchanges.first_messages import FirstMessages


def watched(*symbols: str) -> FirstMessages:
    """Watched since 0, with 30 s of patience."""
    messages = FirstMessages(30.0)
    messages.watch(symbols, 0.0)
    return messages


def test_a_symbol_that_says_nothing_is_silent_after_the_limit() -> None:
    messages = watched("BTCUSDT", "MATICUSDT")
    messages.heard("BTCUSDT")

    assert not messages.check(29.0)
    assert messages.check(30.0)
    assert messages.silent == {"MATICUSDT"}
    assert not messages.check(31.0)


def test_a_late_first_message_ends_the_silence() -> None:
    messages = watched("XRPAUD")
    messages.check(30.0)

    assert messages.heard("XRPAUD")
    assert not messages.heard("XRPAUD")
    assert messages.silent == frozenset()


def test_a_symbol_heard_once_may_be_quiet_for_ever() -> None:
    messages = watched("LTCBTC")
    messages.heard("LTCBTC")
    messages.watch(["LTCBTC", "BTCUSDT"], 100.0)
    messages.check(10_000.0)

    assert messages.silent == {"BTCUSDT"}


def test_a_symbol_no_longer_wanted_is_not_silent() -> None:
    messages = watched("MATICUSDT")
    messages.check(30.0)
    messages.watch([], 31.0)

    assert messages.silent == frozenset()


def test_after_an_outage_everybody_has_to_say_something_again() -> None:
    messages = watched("BTCUSDT", "MATICUSDT")
    messages.heard("BTCUSDT")
    messages.check(30.0)
    messages.restart(1_000.0)

    assert not messages.check(1_029.0)
    assert messages.silent == {"MATICUSDT"}
    assert messages.check(1_030.0)
    assert messages.silent == {"BTCUSDT", "MATICUSDT"}
