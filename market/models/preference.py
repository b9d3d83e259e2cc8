"""What somebody who signs in chose for the board."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class BoardPreference(models.Model):
    """`chosen` has the fields of core/board_choice that differ from the board as it is for everybody."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    chosen = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager["BoardPreference"]] = models.Manager()

    def __str__(self) -> str:
        return f"board of user {self.user_id}"
