"""Sources of events: each verifies and reads messages. Pure: headers and bytes in, an event or a refusal out."""
