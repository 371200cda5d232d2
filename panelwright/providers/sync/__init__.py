"""The catalogue in step with the lists of providers."""
