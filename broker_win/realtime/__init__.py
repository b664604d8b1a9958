"""Real-time data: who listens to what on which screen, and what the values mean."""
