"""What the panel's own people deliver."""
