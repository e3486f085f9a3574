"""
Try the package with input that it does not expect: odd responses, parameters, connections, and echoed keys.

Only ``target`` and ``starters`` know the package's names. ``oracle`` says what a right reading is, from the vendors' pages
alone. ``run`` drives hypothesis. ``responses``, ``parameters``, ``connections`` and ``echoes`` are the kinds of tries.
"""
