"""What outlives Temporal's retention: ledger, timeline, plans and deliveries, in SQL."""
