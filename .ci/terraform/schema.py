"""Prints the schema of the AWS provider, and of the resource types that the module's templates and the examples use.

Usage: schema.py PROVIDER.tgz FOLDER... > schema.json

PROVIDER.tgz is npm's `@cdktn/provider-aws`: classes that were generated from the provider's own schema. Each tells of every
attribute its name, type and whether it is required, optional or computed, and of every block how it nests. Allowed values,
conflicts and numbers of items beyond "one" or "many" are not in it, and so not in what this prints.
"""

import json
import re
import sys
import tarfile
from pathlib import Path

SCALARS = {"string": "string", "number": "number", "boolean": "bool"}
COLLECTIONS = {"List": "list", "Set": "set", "Map": "map"}


class Source:
    """The JavaScript of one type, by class and function."""

    def __init__(self, text):
        self.text = text
        self.parts = dict(re.findall(r"^(?:class|function) (\w+)[^\n]*\{\n(.*?)^\}", text, re.M | re.S))

    def block(self, of_class, arguments_in):
        """The attributes and nested blocks that a class has, and that a function writes as HCL. Of the provider's own blocks nothing is
        read back: they have no class, and their arguments are all optional."""
        attributes, blocks = {}, {}
        if of_class not in self.parts:
            names = re.findall(r"^        (\w+): \{$", self.parts[arguments_in], re.M)
            attributes = {name: {"type": "dynamic", "computed": False, "optional": True, "required": False} for name in names}
        for name, computed, optional, required in re.findall(
            r"// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)", self.parts.get(of_class, "")
        ):
            attributes[name] = {
                "type": computed_type(self.parts[of_class], name),
                **{key: flag == "true" for key, flag in (("computed", computed), ("optional", optional), ("required", required))},
            }
        arguments = r"(\w+): \{\s+value: (.*),\s+isBlock: (\w+),\s+type: \"(\w+)\",\s+storageClassType: \"(\w+)\""
        for name, value, is_block, nesting, kind in re.findall(arguments, self.parts[arguments_in]):
            nested = re.search(r"(\w+)ToHclTerraform", value.replace("cdktn.", "")).group(1)
            if is_block == "false":
                attributes[name]["type"] = argument_type(kind, nesting)
                continue
            class_name = nested[0].upper() + nested[1:]
            blocks[name] = {
                "nesting": "single" if nesting == "struct" else nesting,
                "many": "listMapperHcl" in value,
                "required": attributes.pop(name)["required"],
                "block": self.block(class_name + "OutputReference", nested + "ToHclTerraform"),
            }
        return {"attributes": attributes, "blocks": blocks}


def argument_type(kind, nesting):
    """A Terraform type from `stringList` and `set`."""
    for suffix, collection in COLLECTIONS.items():
        if kind.endswith(suffix):
            return [nesting if nesting in COLLECTIONS.values() else collection, SCALARS.get(kind.removesuffix(suffix), "dynamic")]
    return SCALARS.get(kind, "dynamic")


def computed_type(body, name):
    """A Terraform type from the method that reads an attribute."""
    read = re.search(rf"get(\w+?)Attribute\('{name}'\)", body)
    if not read:
        return "dynamic"
    for suffix, collection in COLLECTIONS.items():
        if read.group(1).endswith(suffix):
            return [collection, SCALARS.get((read.group(1).removesuffix(suffix) or "String").lower(), "dynamic")]
    return SCALARS[read.group(1).lower()]


def read(archive, folder):
    return Source(archive.extractfile(f"package/lib/{folder}/index.js").read().decode())


def described(archive, kind, name):
    prefix = "data-aws-" if kind == "data" else ""
    source = read(archive, f"{prefix}{name.replace('_', '-')}")
    base = "TerraformDataSource" if kind == "data" else "TerraformResource"
    main = re.search(rf"^class (\w+) extends cdktn\.{base} ", source.text, re.M).group(1)
    return source.block(main, main)


def main():
    package, *templates = sys.argv[1:]
    text = "\n".join(path.read_text() for folder in templates for path in sorted(Path(folder).rglob("*.tf*")))
    used = sorted(set(re.findall(r'^(resource|data) "aws_(\w+)"', text, re.M)))
    schema = {"resource": {}, "data": {}}
    with tarfile.open(package) as archive:
        schema["provider"] = read(archive, "provider").block("AwsProvider", "AwsProvider")
        for kind, name in used:
            schema[kind]["aws_" + name] = described(archive, kind, name)
    json.dump(schema, sys.stdout, indent=1, sort_keys=True)


main()
