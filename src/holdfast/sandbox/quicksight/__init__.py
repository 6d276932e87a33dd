"""A stand-in for QuickSight: identities of an account, and assets of each of its regions."""
