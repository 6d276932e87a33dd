"""Which IAM actions Holdfast needs of QuickSight and what stores its backups, and whether they are allowed."""
