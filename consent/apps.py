from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsentConfig(AppConfig):
    name = "consent"
    verbose_name = _("The record")

    def ready(self) -> None:
        from consent.services import heads, outbox, sealing, sending, sweep

        sweep.register("unsent", outbox.forget_unsent)
        sweep.register("mail", sending.deliver_and_go_on, last=True)
        sweep.register("seal", sealing.seal_committed, last=True)
        sweep.register("head", heads.keep, last=True)
