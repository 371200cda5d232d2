"""What is said to providers and what they answer, as types; each transport is a folder in here."""
