"""What a panel of cases says: metrics, estimates, comparisons, and what moves them."""
