"""May it pass: thresholds on metrics, baselines and planning."""
