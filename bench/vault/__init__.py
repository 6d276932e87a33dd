"""The vault and its peers on the same generated work, in turn: `python -m bench.vault`, or `make bench-vault`."""
