"""Reads rules and Terraform files with the parsers that they are for.

Takes a JSON object from standard input: `expressions`, a list, and `terraform`, a file. Writes what the platform's own
engine (wirefilter) says of each expression, and the file as JSON.
"""

import json
import sys

import hcl2
from octorules_wirefilter import parse_expression

asked = json.load(sys.stdin)
with open(asked["terraform"], encoding="utf-8") as file:
    terraform = hcl2.load(file)
json.dump(
    {
        "expressions": [parse_expression(text) for text in asked["expressions"]],
        "terraform": terraform,
    },
    sys.stdout,
)
