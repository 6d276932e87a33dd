"""QuickSight's things as records, and back."""
