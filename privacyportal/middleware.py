"""Stub."""


class _Pass:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


class PlainPathMiddleware(_Pass):
    pass


class PortalErrorMiddleware(_Pass):
    pass


class StaffGateMiddleware(_Pass):
    pass
