"""The addresses of the back office."""

from __future__ import annotations

from panelwright.backoffice.pages import SITE
from panelwright.ui.routes import urls

app_name = SITE.name
urlpatterns = urls(SITE)
