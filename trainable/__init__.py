"""One GRPO training run: its pure mathematics, its policy, its environments, and the file that wraps it for Ray."""
