"""A backup under the names and ids of another account, region and namespace."""
