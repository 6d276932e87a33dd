"""A stand-in for AWS IAM Identity Center that obeys the services' documented rules, and a sample company.

`server.SandboxServer` runs one in this process, `process` runs one that outlives the command that started it.
Identity Store, SSO Admin and Organizations (read only) are answered here, every other service by moto.
"""
