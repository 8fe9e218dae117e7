"""Ray and its machines: started here or joined, what they have, what a trial gets of it, and where it may run."""
