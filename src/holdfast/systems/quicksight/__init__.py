"""Amazon QuickSight: users, groups and assets, by bundle export and import."""
