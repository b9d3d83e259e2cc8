"""Every delay and limit of a stream in one place, so that tests can run it in milliseconds."""

from dataclasses import dataclass

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, unless said otherwise. The defaults are for Binance; sources in each comment."""

    open_timeout: float = 10.0
    close_timeout: float = 1.0

    # A session shorter than this does not count as a success: a server that accepts and closes at once
    # would otherwise be called thousands of times a second.
    min_session: float = 10.0
    backoff_base: float = 0.5
    backoff_cap: float = 8.0  # nobody answered, or the session was short: back within 10 s of recovery
    refused_cap: float = 30.0  # the venue answered the handshake with an error
    banned: float = 120.0  # HTTP 418 and 429: the shortest ban is 2 minutes
    blocked: float = 60.0  # HTTP 403 and 451: only a human can change that
    longest_ban: float = 72 * HOUR  # Binance bans for at most 3 days; a larger Retry-After is nonsense
    # Connects allowed in so many seconds. Binance allows 300 in 5 minutes for each address.
    connect_limits: tuple[tuple[int, float], ...] = ((60, 60.0), (200, 300.0))

    silence: float = 10.0  # without a frame, then the connection is asked whether it lives
    pong: float = 4.0  # to answer that
    quiet_cap: float = 600.0  # an answering but silent connection is replaced no less often than this

    rotation: float = 23 * HOUR + 50 * 60  # Binance ends each connection after 24 h
    rotation_jitter: float = 20 * 60.0  # earlier by up to this, so that connections do not rotate together
    overlap: float = 10.0  # a new connection that delivers nothing by then replaces the old one all the same
    settle: float = 1.0  # old and new run side by side for so long after the new one's first price

    between_messages: float = 0.25  # faster is closed with 1008 (QuantConnect/Lean issue 5583)
    streams_per_message: int = 100
    answer: float = 10.0  # to a SUBSCRIBE or UNSUBSCRIBE
    first_message: float = 30.0  # a symbol without a message by then is reported silent

    log_every: float = 1.0  # bad frames


PACE = Pace()
