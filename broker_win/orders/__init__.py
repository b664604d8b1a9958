"""Orders: from requests to SendOrder, from chejan events and lists back to facts."""
