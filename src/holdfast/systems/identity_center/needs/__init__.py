"""Which IAM actions Holdfast needs of Identity Center, the policies that allow them, and whether they are allowed."""
