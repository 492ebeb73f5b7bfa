"""What is configured: files, options, and every setting with what it may be."""
