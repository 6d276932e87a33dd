"""Who could reach which account with what: paths as of one view, and what changed between two. Pure."""
