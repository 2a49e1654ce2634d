"""The whole API under generated requests, as everybody who may call it: `make fuzz`."""
