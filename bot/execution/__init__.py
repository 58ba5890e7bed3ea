"""From what strategies want to what the exchange did, with a journal in between."""
