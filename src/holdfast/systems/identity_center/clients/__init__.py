"""The outside services of Identity Center: a gateway for each says which calls we need, a client makes them."""
