"""A backup under the names and ids of another organization."""
