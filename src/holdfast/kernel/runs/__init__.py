"""Runs: stages, journal, resume, rollback, evidence. The ledger is the truth that all of them read."""
