"""How models are asked: the engine, the store of replies, limits, retries and progress."""
