"""From the mirror to scores: what each account is worth now, and what another model or other rates would make of it."""
