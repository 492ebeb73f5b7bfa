"""Who reads it: the report folder and the terminal."""
