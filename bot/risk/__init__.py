"""What may be sent to the exchange: limits, the state that trading is in, and the gate that keeps to both."""
