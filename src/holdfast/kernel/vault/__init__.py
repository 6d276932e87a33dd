"""Encrypted, deduplicated, versioned storage of snapshots; docs/design/vault.md describes the bytes."""
