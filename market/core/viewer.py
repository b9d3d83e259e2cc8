"""Who looks on, and which alerts they may see. An alert's channel says who may see it, on every transport."""

from dataclasses import dataclass
from functools import cached_property

# What staff choose for a rule.
EVERYONE, SIGNED_IN, STAFF, OWNER = "everyone", "signed_in", "staff", "owner"

# Channels of stored alerts; what is its owner's alone is on `user-<id>`.
PUBLIC_CHANNEL = "alerts"
SIGNED_IN_CHANNEL = "signed-in"
STAFF_CHANNEL = "staff"


def own_channel(user_id: int) -> str:
    return f"user-{user_id}"


def alert_channel(audience: str, owner: int | None) -> str:
    """The channel of an alert whose rule says `audience` and belongs to the user `owner`.

    What belongs to nobody any more, and an audience of a later version, is for staff.
    """
    if audience == EVERYONE:
        return PUBLIC_CHANNEL
    if audience == SIGNED_IN:
        return SIGNED_IN_CHANNEL
    return own_channel(owner) if audience == OWNER and owner is not None else STAFF_CHANNEL


@dataclass(frozen=True)
class Viewer:
    """Who is behind a connection; `user_id` None: nobody signed in."""

    user_id: int | None = None
    is_staff: bool = False
    name: str = ""

    @cached_property
    def channels(self) -> frozenset[str]:
        """The channels of alerts that this viewer may read."""
        if self.user_id is None:
            return frozenset({PUBLIC_CHANNEL})
        own = {PUBLIC_CHANNEL, SIGNED_IN_CHANNEL, own_channel(self.user_id)}
        return frozenset(own | {STAFF_CHANNEL} if self.is_staff else own)

    def may_settle(self, owner: int | None) -> bool:
        """Whether they may acknowledge and snooze an alert that they see: staff, and the owner of its rule."""
        return self.is_staff or (self.user_id is not None and self.user_id == owner)


NOBODY = Viewer()
