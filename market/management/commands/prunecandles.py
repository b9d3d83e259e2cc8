"""`manage.py prunecandles`: delete candles that are older than they are kept. The feed does it too, once an hour."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from market import history
from market.candle_pace import keep_days


class Command(BaseCommand):
    help = "Delete stored candles that are older than CANDLE_DAYS_1M to CANDLE_DAYS_1D say (0: kept for ever)."

    def handle(self, **options: Any) -> None:
        kept = keep_days()
        deleted = 0
        try:
            for step in history.prune(kept, now_ms=time.time_ns() // 1_000_000):
                deleted += step
        except DatabaseError as error:
            raise CommandError(f"the database does not answer: {str(error).strip()}") from error
        words = ", ".join(
            f"{interval.value} {f'{days} days' if days else 'for ever'}" for interval, days in kept.items()
        )
        self.stdout.write(f"{deleted:,} candles deleted. Kept: {words}.")
