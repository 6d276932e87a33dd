"""Values of the service as records under natural keys, and back."""
