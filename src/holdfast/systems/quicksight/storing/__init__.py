"""A backup beside the vault, as drawn: users and groups as DynamoDB items, assets as bundles in S3."""
