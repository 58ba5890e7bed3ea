"""The client of the exchange: keys, signing, transport, wire formats, and the Trading API."""
