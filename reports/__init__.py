"""Reports about days, weeks and months of trading, from event logs: facts, figures, pages."""
