"""How Identity Center is changed: what a restore compares, decides, orders, applies and undoes."""
