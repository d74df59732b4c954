"""Stands in for the Terraform AWS provider where it cannot be downloaded: it serves the schema of `schema.json`, beside it.

Terraform itself then checks names, types, required arguments and references, in `init`, `validate`, and `test` and `plan` with
`mock_provider`. What the real provider checks by code (allowed values, conflicts) is not checked; nothing reaches AWS.
"""

import json
import sys
from pathlib import Path

import tf.provider
import tf.runner
from tf.gen import tfplugin_pb2 as protocol
from tf.gen import tfplugin_pb2_grpc as service

SCHEMA = json.loads(Path(__file__).with_name("schema.json").read_text())
NESTING = protocol.Schema.NestedBlock
MODES = {"single": NESTING.SINGLE, "list": NESTING.LIST, "set": NESTING.SET}


def block(described):
    attributes = [
        protocol.Schema.Attribute(
            name=name,
            type=json.dumps(each["type"]).encode(),
            required=each["required"],
            optional=each["optional"],
            computed=each["computed"],
        )
        for name, each in described["attributes"].items()
    ]
    blocks = [
        NESTING(
            type_name=name,
            block=block(each["block"]),
            nesting=MODES[each["nesting"]],
            min_items=int(each["required"] and each["nesting"] != "single"),
            max_items=0 if each["many"] or each["nesting"] == "single" else 1,
        )
        for name, each in described["blocks"].items()
    ]
    return protocol.Schema.Block(attributes=attributes, block_types=blocks)


def schemas(kind):
    return {name: protocol.Schema(block=block(described)) for name, described in SCHEMA[kind].items()}


class Provider(service.ProviderServicer):
    """The calls that Terraform makes before it would reach AWS; any other is answered "unimplemented"."""

    def __init__(self, _provider):
        pass

    def GetMetadata(self, request, context):
        metadata = protocol.GetMetadata
        return metadata.Response(
            resources=[metadata.ResourceMetadata(type_name=name) for name in SCHEMA["resource"]],
            data_sources=[metadata.DataSourceMetadata(type_name=name) for name in SCHEMA["data"]],
        )

    def GetProviderSchema(self, request, context):
        return protocol.GetProviderSchema.Response(
            provider=protocol.Schema(block=block(SCHEMA["provider"])),
            resource_schemas=schemas("resource"),
            data_source_schemas=schemas("data"),
        )

    def ValidateProviderConfig(self, request, context):
        return protocol.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        return protocol.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        return protocol.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        return protocol.ConfigureProvider.Response()

    def StopProvider(self, request, context):
        return protocol.StopProvider.Response()


class Identity:
    """What the runner asks of a provider."""

    def full_name(self):
        return "registry.terraform.io/hashicorp/aws"


tf.provider.ProviderServicer = Provider
tf.runner.run_provider(Identity(), sys.argv)
