"""What the answers to a case mean, by its labels."""
