"""Measurements of this project, and of its peers on the same work."""
