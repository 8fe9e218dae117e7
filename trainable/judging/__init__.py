"""A trained controller under latency budgets, and on its own."""
