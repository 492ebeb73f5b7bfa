"""From a reply to a state and a letter."""
