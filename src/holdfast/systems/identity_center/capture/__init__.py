"""Reading an Identity Center instance: the fewest calls, concurrently, with every failure on record."""
