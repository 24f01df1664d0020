from requests.admin import rule, ticket

__all__ = ["rule", "ticket"]
