from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    name = "panelwright.receipts"
