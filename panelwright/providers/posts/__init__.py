"""Where new posts are heard of, and subscriptions that a provider has as a whole."""
