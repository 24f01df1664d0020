"""Fill the portal with invented people and requests, through the services."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.models import Organisation
from requests.services import demo


class Command(BaseCommand):
    help = "Demonstration data in both languages, at every stage or at one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", choices=demo.STAGES, help="bring every request to this stage")
        parser.add_argument("--tickets", type=int, default=18, help="how many (default: 18)")
        parser.add_argument("--seed", type=int, default=2026, help="the same seed, the same data")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Organisation.objects.filter(is_default=True).exists():
            raise CommandError("There is no organisation yet. Type: manage.py load_reference_data")
        made = demo.seed(tickets=options["tickets"], stage=options["at"], seed=options["seed"])
        for ticket in made:
            self.stdout.write(f"{ticket.reference}  {ticket.state:<19} {ticket.due_on:%Y-%m-%d}")
