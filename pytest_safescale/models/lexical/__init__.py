"""The embedded reader: answers by word overlap, for trying out and as a baseline."""
