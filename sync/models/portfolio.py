"""What an installation works on: portfolio, connections, published models and their calibrations."""

from __future__ import annotations

from django.db import models


class Portfolio(models.Model):
    """One segmentation model, one mirror, one or more connections."""

    name = models.CharField(max_length=80, unique=True)
    administrator_name = models.CharField(max_length=120, blank=True)
    administrator_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def crms(self) -> models.QuerySet[Connection]:
        """The CRM orgs of this portfolio, the oldest first."""
        return self.connections.exclude(kind=Connection.FILES).order_by("pk")

    def model_in_force(self) -> PublishedModel | None:
        """The model that was published last; runs begin with it."""
        return self.published_models.order_by("-published_at", "-pk").first()

    def files(self) -> models.QuerySet[Connection]:
        """Its sets of business files."""
        return self.connections.filter(kind=Connection.FILES).order_by("pk")


class Connection(models.Model):
    """One CRM org, or one set of files. Credentials are encrypted by `sync.vault`.

    `api_share`: how much of the org's API calls may be ours, 0 to 1.
    `mandatory_off`: a person switched our validation rules off in this CRM, whatever the model says.
    `event_position`: up to where the CRM's change events are taken up.
    `installed`: components that our schema plans created in the CRM; only these are ever removed.
    `drift`: how the CRM differed from the model when that was last looked at, a sentence per field.
    `looked`: the run and the day of the last look at data quality, which left beside the mirror what it knows.
    `last_read`, of files only: record kind -> what the last read delivered and how it found its accounts.
    """

    FILES = "files"

    class State(models.TextChoices):
        READY = "ready", "ready"
        RECONNECT = "reconnect", "credentials refused"

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="connections")
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20)
    settings = models.JSONField(default=dict)
    credentials = models.BinaryField(default=bytes)
    state = models.CharField(max_length=12, choices=State.choices, default=State.READY)
    identity = models.JSONField(default=dict)
    api_share = models.FloatField(default=0.5)
    event_position = models.CharField(max_length=400, blank=True)
    mandatory_off = models.BooleanField(default=False)
    installed = models.JSONField(default=list)
    drift = models.JSONField(default=list)
    drift_checked_at = models.DateTimeField(null=True)
    looked = models.JSONField(default=dict)
    last_read = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class PublishedModel(models.Model):
    """A version of the portfolio's model file, kept whole so that any result can be explained later."""

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="published_models")
    fingerprint = models.CharField(max_length=64)
    text = models.TextField()
    source = models.CharField(max_length=400)
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["portfolio", "fingerprint"], name="one_row_per_model_version"),)

    def __str__(self) -> str:
        return self.fingerprint[:12]


class Calibration(models.Model):
    """Cuts and tables fitted on the whole base for one model and one date.

    The first of a model is published with it and stays in force, so that a customer's tier does not move because
    others bought more. Later ones are proposals: a person compares them and publishes one, or an earlier one again.

    Attributes:
        comparison: of a proposal, what it would move against the one in force: {"moves": {"gold > silver": 12},
            "accounts": [...], "customers": ...}.
        published_at: the newest of a model is in force.
        decided_by: who published or rejected it; "" for the first one.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        PUBLISHED = "published", "published"
        REJECTED = "rejected", "rejected"

    model = models.ForeignKey(PublishedModel, models.CASCADE, related_name="calibrations")
    as_of = models.DateField()
    payload = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PUBLISHED)
    comparison = models.JSONField(default=dict)
    published_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["model", "as_of"], name="one_calibration_per_period"),)

    def __str__(self) -> str:
        return f"{self.model} at {self.as_of}"
