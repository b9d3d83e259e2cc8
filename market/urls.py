"""Addresses of the HTTP interface. `/events/` is served through `durable.events_app`, the rest by Django."""

from django.urls import path, re_path

from market import (
    ack_page,
    alert_api,
    alert_views,
    api,
    candle_api,
    durable,
    look,
    round_trip,
    threshold_api,
    views,
    words,
)

urlpatterns = [
    path("", views.board, name="board"),
    path("api/symbols", views.symbols, name="api_symbols"),
    path("api/prices", api.prices, name="api_prices"),
    path("api/candles", candle_api.candles, name="api_candles"),
    path("api/sse/status", api.status, name="api_status"),
    path("api/sse/test-broadcast", round_trip.test_broadcast, name="api_test_broadcast"),
    path("api/alerts", alert_api.alerts, name="api_alerts"),
    path("api/alerts/<int:number>/ack", alert_api.ack, name="api_alert_ack"),
    path("api/alerts/<int:number>/snooze", alert_api.snooze_alert, name="api_alert_snooze"),
    path("api/alerts/summary", alert_views.summary, name="api_alerts_summary"),
    path("api/thresholds", threshold_api.thresholds, name="api_thresholds"),
    path("api/thresholds/<int:number>", threshold_api.move, name="api_threshold_move"),
    re_path(r"^api/", api.nothing_here),
    path("alerts/ack/<str:token>/", ack_page.ack_page, name="alert-ack-link"),
    path("alerts/", alert_views.alerts, name="alerts"),
    path("alerts/<int:number>/", alert_views.alert, name="alert"),
    path("alerts/<int:number>/settle", alert_views.settle, name="alert_settle"),
    path("look/", look.look, name="look"),
    path("words/<str:language>.<str:version>.js", words.words, name="words"),
    path("events/", durable.events, name="events"),
    path("events/<str:channel>/", durable.events),
]
