"""``@task.<vendor>``: a function returns the input, and an operator runs the workflow with it."""
