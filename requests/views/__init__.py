"""The public pages. Each view reads the shape of the input and makes one call to a service."""
