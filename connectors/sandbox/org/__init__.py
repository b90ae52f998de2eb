"""The org itself, without any protocol: schema, records, validation, queries, sessions. See `org.Org`."""
