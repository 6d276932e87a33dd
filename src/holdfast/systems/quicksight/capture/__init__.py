"""Reading QuickSight: what there is, what it says, and an honest account of what could not be read."""
