"""Security scans of ASH: findings read out of a result file, redacted, compared, and published to S3 once each.

It never runs a scanner, never changes the result file, and never lets the source code a finding quotes
leave unredacted.
"""
