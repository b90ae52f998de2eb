"""A HubSpot account on this machine: objects, properties, records, associations and apps, on SQLite."""
