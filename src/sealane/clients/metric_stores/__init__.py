"""Questions to addresses and metric stores over HTTP; the answers come back as plain values."""
