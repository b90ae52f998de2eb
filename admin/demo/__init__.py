"""The demo: a company in a CRM on this machine, and the product doing its whole job there."""
