"""Prints, as JSON, what the published protobuf modules define.

Called with the names of protobuf packages. The keys and values are those that main.rs makes of our own definitions.
"""

import importlib
import json
import pkgutil
import sys

from google.protobuf import descriptor_pb2


def load(folder):
    """Imports every generated module of a top-level package, which registers it."""
    package = importlib.import_module(folder)
    for module in pkgutil.walk_packages(package.__path__, folder + "."):
        if module.name.endswith("_pb2"):
            importlib.import_module(module.name)


def modules():
    """The generated modules that were imported."""
    return [module for name, module in sorted(sys.modules.items()) if name.endswith("_pb2")]


def add_message(found, prefix, message):
    name = prefix + "." + message.name
    found["messages"][name] = {
        field.name: {
            "number": field.number,
            "type": field.type,
            "type_name": field.type_name.lstrip("."),
            "label": field.label,
            "oneof": field.HasField("oneof_index"),
        }
        for field in message.field
    }
    for nested in message.nested_type:
        add_message(found, name, nested)
    for enum in message.enum_type:
        add_enum(found, name, enum)


def add_enum(found, prefix, enum):
    found["enums"][prefix + "." + enum.name] = {value.name: value.number for value in enum.value}


def add_service(found, prefix, service):
    found["services"][prefix + "." + service.name] = {
        method.name: {
            "input": method.input_type.lstrip("."),
            "output": method.output_type.lstrip("."),
            "client_streaming": method.client_streaming,
            "server_streaming": method.server_streaming,
        }
        for method in service.method
    }


def main(packages):
    for folder in sorted({package.split(".")[0] for package in packages}):
        load(folder)
    found = {"syntax": {}, "messages": {}, "enums": {}, "services": {}}
    for module in modules():
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        if file.package not in packages:
            continue
        found["syntax"][file.package] = file.syntax
        for message in file.message_type:
            add_message(found, file.package, message)
        for enum in file.enum_type:
            add_enum(found, file.package, enum)
        for service in file.service:
            add_service(found, file.package, service)
    json.dump(found, sys.stdout)


main(set(sys.argv[1:]))
