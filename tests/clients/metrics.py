"""Reads the platform's metrics on standard input with Prometheus' own parser; prints them as JSON.

Fails where a family comes twice, has no kind, or a sample does not belong to it; and where a histogram is none.
"""

import json
import math
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    if family.name in families or family.type == "unknown" or not family.documentation:
        sys.exit(f"{family.name} is no family of its own")
    samples = []
    for sample in family.samples:
        if not sample.name.startswith(family.name):
            sys.exit(f"{sample.name} is in {family.name}")
        if not math.isfinite(sample.value):
            sys.exit(f"{sample.name} is {sample.value}")
        samples.append({"name": sample.name, "labels": sample.labels, "value": sample.value})
    if family.type == "histogram":
        buckets = [one for one in samples if one["name"].endswith("_bucket")]
        for tenant in {one["labels"]["tenant"] for one in buckets}:
            mine = [one for one in buckets if one["labels"]["tenant"] == tenant]
            mine.sort(key=lambda one: float(one["labels"]["le"]))
            counts = [one["value"] for one in mine]
            if counts != sorted(counts) or mine[-1]["labels"]["le"] != "+Inf":
                sys.exit(f"the buckets of {tenant} do not add up")
    families[family.name] = {"type": family.type, "samples": samples}
print(json.dumps(families))
