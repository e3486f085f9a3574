"""What a scheduler loads once, so that the processes which it forks for the tries of tasks need not."""

from importlib import import_module

from dev.chaos.surfaces import SURFACES

for surface in SURFACES.values():
    import_module(surface.operator[0])
