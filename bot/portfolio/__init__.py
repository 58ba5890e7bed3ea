"""What the account should hold, by what it traded and moved."""
