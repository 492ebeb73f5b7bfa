"""Typed edits of an item and its evidence, and what they make of them."""
