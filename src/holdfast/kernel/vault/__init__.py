"""Encrypted, deduplicated, versioned storage of snapshots on an object store. docs/design/vault.md describes the bytes."""
