"""Any OpenAI-compatible endpoint: chat completions and embeddings."""
