"""From a CRM and business files into the mirror: what changed, whom it touches, whether the fields are still there."""
