"""From scores to the CRM: planned, guarded, tried on a few, sent in batches or bulk, and taken back where asked."""
