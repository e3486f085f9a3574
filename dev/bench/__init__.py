"""Measurements. No figure is tested; each is printed with another one of the same run to compare it with."""
