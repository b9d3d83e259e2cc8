"""What staff have to know of deliveries, on every page that has room for it."""

from django import template

from market import outbox
from market.outbox import Unsent

register = template.Library()


@register.simple_tag
def unsent_deliveries() -> Unsent | None:
    """`{% unsent_deliveries as unsent %}`: deliveries that nobody works on; one query where there is none."""
    return outbox.unsent()
