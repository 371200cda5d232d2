"""The panel API v2: the one that panels sell each other's services by."""
