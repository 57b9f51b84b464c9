"""The plan: what would be trained, what it would cost and what it could show. It trains nothing and writes nothing."""
