"""What an answer means: letters, verdicts, metrics and their statistics, as pure functions."""
