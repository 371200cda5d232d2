"""Panelwright: an open, self-hosted platform for marketing-service panels."""

__version__ = "0.1.0"
