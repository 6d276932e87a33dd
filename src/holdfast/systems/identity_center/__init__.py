"""AWS IAM Identity Center: users, groups, memberships, permission sets with everything attached, account assignments.

It never touches passwords, MFA devices or sessions, which no API can read or restore, nor the accounts themselves.
"""
