"""What a run leaves behind: records, manifest, conclusion, and an earlier run read back."""
