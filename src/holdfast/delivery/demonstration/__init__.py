"""The demo: one chapter a system, each the whole job on a sample company on this machine."""
