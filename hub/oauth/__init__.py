"""``POST /oauth/token`` and what the hub says of its sign-in (SMART App Launch 2.2.0, Backend Services)."""
