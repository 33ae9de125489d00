"""Sources of events: each verifies what came and reads it. Pure: headers and bytes in, an event or a refusal out."""
