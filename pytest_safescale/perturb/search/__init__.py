"""The search for edits that break a relation, and what it found."""
