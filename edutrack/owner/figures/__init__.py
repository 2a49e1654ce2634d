"""Figures of the business: what was earned, by whom it was bought, and how courses are doing."""
