"""The record: who, what we told them, what they agreed to, and the trail that proves it."""
