"""For the admin: which zone its times are in."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from market.zone import ZONE_FIELD, zone_name, zone_words

register = template.Library()
register.simple_tag(zone_words)


@register.simple_tag
def zone_field() -> SafeString:
    """For each form in which a time may stand: it is read as it was shown, whatever the cookie says then."""
    return format_html('<input type="hidden" name="{}" value="{}">', ZONE_FIELD, zone_name())
