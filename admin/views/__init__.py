"""The console's pages. Each module holds one page or one group of pages on the same thing."""
