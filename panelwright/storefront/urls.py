"""The addresses of the public and the customers' pages."""

from __future__ import annotations

from panelwright.storefront.pages import SITE
from panelwright.ui.routes import urls

app_name = SITE.name
urlpatterns = urls(SITE)
