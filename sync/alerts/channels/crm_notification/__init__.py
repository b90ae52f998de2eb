"""What is open for a person at the bell of the CRM, where he works anyway."""
