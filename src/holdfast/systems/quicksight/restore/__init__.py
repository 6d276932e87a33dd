"""Putting QuickSight back: what a record consists of, what is decided about it, and how it is made so."""
