"""Every address of the site; the WebSocket's is in market/routing.py, the tick lane's in market/sse.py."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("market.urls"))]
