"""Whether a corpus is fit to be read: one module a class of findings, rules alone."""
