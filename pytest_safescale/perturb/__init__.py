"""What if: edits of items and evidence, strategies that draw them, relations they must keep."""
