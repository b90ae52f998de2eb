"""A person mends a finding in place: what can be chosen, whether they may, and the write on their behalf."""
