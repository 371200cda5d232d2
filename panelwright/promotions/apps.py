from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    name = "panelwright.promotions"
