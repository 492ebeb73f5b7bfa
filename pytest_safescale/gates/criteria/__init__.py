"""The criteria a gate can have: what each demands of the cases, once and of their resamples."""
