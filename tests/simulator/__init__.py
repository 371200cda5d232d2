"""A world of customers, panels and unreliable providers in one process, moved by a seed; see run.py."""
