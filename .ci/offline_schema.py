"""Teaches the stand-in for the Terraform AWS provider the resource types that it lacks and that our module has.

Usage: offline_schema.py SCHEMA.json. The facts are those of hashicorp/aws 6.66.0, for the arguments a table without indexes,
replicas or imports has.
"""

import json
import sys
from pathlib import Path


def simple(kind, required=False, computed=False):
    return {"coll": "simple", "type": kind, "required": required, "computed": computed}


def block(coll, many, **fields):
    return {"block": True, "coll": coll, "many": many, "required": False, "computed": False, "fields": fields}


MISSING = {
    "aws_dynamodb_table": {
        "computed": {"arn": "String", "stream_arn": "String", "stream_label": "String"},
        "exports": [],
        "fields": {
            "attribute": block("set", True, name=simple("string", required=True), type=simple("string", required=True)),
            "billing_mode": simple("string"),
            "deletion_protection_enabled": simple("boolean"),
            "hash_key": simple("string", computed=True),
            "id": simple("string", computed=True),
            "name": simple("string", required=True),
            "point_in_time_recovery": block(
                "list",
                False,
                enabled=simple("boolean", required=True),
                recovery_period_in_days=simple("number", computed=True),
            ),
            "range_key": simple("string", computed=True),
            "read_capacity": simple("number", computed=True),
            "region": simple("string", computed=True),
            "server_side_encryption": block(
                "list",
                False,
                enabled=simple("boolean", required=True),
                kms_key_arn=simple("string", computed=True),
            ),
            "stream_enabled": simple("boolean"),
            "stream_view_type": simple("string", computed=True),
            "table_class": simple("string"),
            "tags": simple("stringMap"),
            "tags_all": simple("stringMap", computed=True),
            "ttl": block("list", False, attribute_name=simple("string"), enabled=simple("boolean")),
            "write_capacity": simple("number", computed=True),
        },
    }
}

path = Path(sys.argv[1])
schema = json.loads(path.read_text())
for name, described in MISSING.items():
    schema["resources"].setdefault(name, described)
path.unlink()  # it may be a read-only copy
path.write_text(json.dumps(schema))
