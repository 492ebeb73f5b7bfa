"""What is asked: items with option-level labels, read from every shape they are published in."""
