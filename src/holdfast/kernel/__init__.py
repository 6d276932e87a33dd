"""What all systems share: the plug, runs, the vault, backup, restore, audit, evidence. No vendor is imported here."""
