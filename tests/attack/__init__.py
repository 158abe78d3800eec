"""Attacks on a service of its own process, measured by what a second, well-behaved caller notices of them."""
