"""The ``safescale`` command, one module a command of it."""
