from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "panelwright.storefront"
