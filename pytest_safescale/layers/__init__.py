"""Layers around a model: what decides on a case before, while and after the model answers."""
