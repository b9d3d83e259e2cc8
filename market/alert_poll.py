"""Alerts in the answer of a long poll."""

import logging

from django.core.handlers.asgi import ASGIRequest
from django.db import Error as DatabaseError

from market.alert_desk import read_missed
from market.alert_lane import Missed
from market.core.request import BadField, read_since_alert
from market.core.viewer import Viewer
from market.json_error import Refused
from market.relay import current
from market.viewer import session_of

logger = logging.getLogger(__name__)


class AlertPoll:
    """One request. `viewer` None: it asked for prices only, and nothing of this costs it anything."""

    def __init__(self, viewer: Viewer | None, since: int) -> None:
        self.viewer = viewer
        self._since = since

    @classmethod
    async def of(cls, request: ASGIRequest) -> "AlertPoll":
        """Raises Refused."""
        try:
            since = read_since_alert(request.GET.get("since_alert", ""))
        except BadField as error:
            raise Refused(400, error.code, str(error)) from error
        if since is None:
            return cls(None, 0)
        try:
            return cls(await current().viewers.at_once(session_of(request.scope)), since)
        except Refused as refused:
            logger.info("a poll is answered without alerts: %s", refused)
            return cls(None, 0)

    async def missed(self) -> Missed:
        """What was told after `since_alert`; from the rows only where memory does not reach back so far.

        While the database is away that is nothing: prices go on, and the next poll asks from the same alert.
        """
        if self.viewer is None:
            return Missed([])
        missed = current().hub.alerts.missed(self.viewer, self._since)
        try:
            return await read_missed(self.viewer, self._since) if missed is None else missed
        except DatabaseError as exc:
            logger.info("a poll is answered without alerts: %s", exc)
            return Missed([])

    async def text(self) -> bytes:
        """The answer's fields; none for a request that asked for prices only."""
        if self.viewer is None:
            return b""
        missed = await self.missed()
        skipped = b', "alerts_skipped": %d' % missed.skipped if missed.skipped else b""
        return b', "alerts": [%b]%b' % (b",".join(alert.text for alert in missed.alerts), skipped)
