"""Reading the wallet: codes, batches, balances and the ledger."""
