"""The org itself, without any protocol: schema, records, validation, queries, sessions. Start at `org.Org`."""
