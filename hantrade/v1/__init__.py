"""Generated stubs of the contract, version 1. Never edited: `make proto` writes them."""
