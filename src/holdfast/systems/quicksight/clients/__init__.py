"""QuickSight behind paced sessions: the calls that are needed of it, in our words."""
