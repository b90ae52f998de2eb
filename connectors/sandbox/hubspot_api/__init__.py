"""The HubSpot face of a portal: its REST API, OAuth and webhooks."""
