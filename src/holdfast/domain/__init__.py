"""Plain words shared by everything: records, snapshots, changes, outcomes, runs, errors. Standard library only."""
