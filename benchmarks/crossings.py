"""Fills pricefeed's database with rules that fire in turn, and with a webhook that is told of each.

python -m benchmarks.crossings COUNT URL     (the watched symbols in turn; settings from the environment, as ever)

The exchange's prices rise in steps from 59,990 to 60,010 and fall back at once: the thresholds divide that way evenly.
"""

import json
import os
import sys
from decimal import Decimal
from itertools import cycle

import django

LOWEST, WAY = Decimal(59_991), Decimal(18)
REARM = Decimal("0.0005")  # percent: less than they fall
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw=="


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pricefeed.settings")
    django.setup()
    from market.models import AlertRule, Recipient, WatchedSymbol

    count, url = int(sys.argv[1]), sys.argv[2]
    desk = Recipient.objects.create(name="desk", kind="webhook", address=url, secret=SECRET)
    symbols = cycle(WatchedSymbol.objects.all())
    for number in range(count):
        threshold = (LOWEST + WAY * number / count).quantize(Decimal("0.001"))
        rule = AlertRule.objects.create(
            watched=next(symbols), condition="above", threshold=threshold, rearm=REARM, audience="everyone"
        )
        rule.recipients.add(desk)
    print(json.dumps({"rules": count}), flush=True)


if __name__ == "__main__":
    main()
