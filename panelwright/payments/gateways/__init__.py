"""The gateways: one folder each, with all that belongs to it. registry.py finds them by their module `gateway`."""
