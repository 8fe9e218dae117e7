"""Parts of resume_fidelity.py: what is trained, who sweeps it, who kills it, and what is left of it."""
