"""The hops of a price, and those of an alert: what is timed, by whom, and what stands between."""

from enum import StrEnum


class Hop(StrEnum):
    """One way between two stamps. RECEIVED is timed for every tick, the others once a batch or an alert."""

    RECEIVED = "received"  # the exchange's event -> the feed has it
    PUBLISHED = "published"  # -> it leaves for the channel layer, conflated; of what waited longest in its batch
    RELAYED = "relayed"  # -> a web process has it
    WRITTEN = "written"  # -> it is written to every client that is up to date
    TOTAL = "total"  # the exchange's event -> written to clients
    ALERT_STORED = "alert_stored"  # decided -> it is a row
    ALERT_TOLD = "alert_told"  # decided -> written to clients


FEED_HOPS = (Hop.RECEIVED, Hop.PUBLISHED, Hop.ALERT_STORED)
WEB_HOPS = (Hop.RELAYED, Hop.WRITTEN, Hop.TOTAL, Hop.ALERT_TOLD)
PRICE_HOPS = (Hop.RECEIVED, Hop.PUBLISHED, Hop.RELAYED, Hop.WRITTEN, Hop.TOTAL)
ALERT_HOPS = (Hop.ALERT_STORED, Hop.ALERT_TOLD)
# Between the clocks of the exchange and ours, and between those of two machines of ours.
OVER_THE_NET = (Hop.RECEIVED, Hop.TOTAL)
BETWEEN_PROCESSES = (Hop.RELAYED, Hop.TOTAL, Hop.ALERT_TOLD)
