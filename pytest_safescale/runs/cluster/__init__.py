"""A run whose shards are asked by other processes, here or on a cluster, and joined at the end."""
