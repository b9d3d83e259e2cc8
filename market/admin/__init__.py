"""Django admin: symbols, rules, alerts and their deliveries, recipients. Each file registers its own."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from market.admin import alert, candle, delivery, recipient, rule, symbol  # noqa: F401

admin.site.site_header = "pricefeed"
admin.site.site_title = "pricefeed"
admin.site.index_title = _("Administration")
