"""What the model sees: the deployment conditions, retrieval, the agent and the prompt."""
