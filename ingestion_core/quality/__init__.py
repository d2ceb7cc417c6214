"""What is in, what is missing and why: read from the outside, in counts, never in results."""
