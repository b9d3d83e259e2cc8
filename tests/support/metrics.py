"""What `/metrics` says, read as Prometheus reads it."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text


class Exposition:
    """Samples by name and labels. Raises ValueError for what is no exposition."""

    def __init__(self, text: str, *, openmetrics: bool = False) -> None:
        families: Iterable[Metric] = (read_openmetrics if openmetrics else read_text)(text)
        self.families = {family.name: family for family in families}
        self._samples = [sample for family in self.families.values() for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """The only sample of this name that has these labels, and no others beside them that differ."""
        found = [sample for sample in self._samples if sample.name == name and labels.items() <= sample.labels.items()]
        if len(found) != 1:
            raise LookupError(f"{len(found)} samples of {name} {labels}")
        return found[0].value

    @property
    def names(self) -> set[str]:
        """As a query may name them, with _total, _bucket and so on."""
        return {sample.name for sample in self._samples}

    def labels(self, name: str) -> set[str]:
        """The labels that samples of a name have."""
        return {label for sample in self._samples if sample.name == name for label in sample.labels}

    def buckets(self, name: str, **labels: str) -> list[tuple[float, float]]:
        """(upper bound, samples up to it) of a histogram, as they were said."""
        return [
            (float(sample.labels["le"]), sample.value)
            for sample in self._samples
            if sample.name == f"{name}_bucket" and labels.items() <= sample.labels.items()
        ]
