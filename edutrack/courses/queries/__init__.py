"""Reading courses and what belongs to them, always within what the caller may see."""
