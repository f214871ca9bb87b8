"""What is seen from outside while something happens: clients, a ledger of their writes, watches, a recorder."""
