"""Any program, through a signed webhook as https://www.standardwebhooks.com describes it."""
