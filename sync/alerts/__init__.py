"""From findings to the people who own them: who (routing), what is open (lifecycle), how (channels)."""
