"""
Run the package with unusual input: responses, parameters, connections, and repeated keys.

Only ``target`` and ``entry_points`` know the package's names. ``oracles`` say how a response must be read, from the vendors'
pages alone. ``run`` drives hypothesis. ``responses``, ``parameters``, ``connections`` and ``echoes`` are the kinds of cases.
"""
