"""AWS IAM Identity Center: users, groups, permission sets, applications, the settings of the instance, who may use what.

It never touches passwords, MFA devices or sessions, which no API can read or restore, nor the accounts themselves.
"""
