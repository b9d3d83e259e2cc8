"""Addresses of the HTTP interface. `/events/` is served through `durable.events_app`, the rest by Django."""

from django.urls import path, re_path

from market import api, durable, round_trip, views

urlpatterns = [
    path("", views.board, name="board"),
    path("api/symbols", views.symbols, name="api_symbols"),
    path("api/prices", api.prices, name="api_prices"),
    path("api/sse/status", api.status, name="api_status"),
    path("api/sse/test-broadcast", round_trip.test_broadcast, name="api_test_broadcast"),
    re_path(r"^api/", api.nothing_here),
    path("events/", durable.events, name="events"),
    path("events/<str:channel>/", durable.events),
]
