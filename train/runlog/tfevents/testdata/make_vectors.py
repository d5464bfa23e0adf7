#!/usr/bin/python3
"""Makes the event files that the tests compare ours with, byte for byte: fresh.tfevents, resumed.tfevents and the two
PNG files shown in them.

Needs Debian's python3-protobuf (made with 3.21.12). The messages are defined here, at run time, from the field numbers
that TensorBoard publishes (tensorboard/compat/proto/event.proto and summary.proto, plugins/image/plugin_data.proto);
Google's library encodes them. The CRC is a bitwise one.

    /usr/bin/python3 make_vectors.py      writes beside itself
"""

import math
import pathlib
import struct
import zlib

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

HERE = pathlib.Path(__file__).parent
FIELD = descriptor_pb2.FieldDescriptorProto

MESSAGES = {
    "Event": [
        ("wall_time", 1, FIELD.TYPE_DOUBLE),
        ("step", 2, FIELD.TYPE_INT64),
        ("file_version", 3, FIELD.TYPE_STRING, "what"),
        ("summary", 5, "Summary", "what"),
        ("session_log", 7, "SessionLog", "what"),
        ("source_metadata", 10, "SourceMetadata"),
    ],
    "SourceMetadata": [("writer", 1, FIELD.TYPE_STRING)],
    "SessionLog": [("status", 1, FIELD.TYPE_INT32)],  # an enum, START = 1
    "Summary": [("value", 1, ["Value"])],
    "Value": [
        ("tag", 1, FIELD.TYPE_STRING),
        ("simple_value", 2, FIELD.TYPE_FLOAT, "value"),
        ("image", 4, "Image", "value"),
        ("metadata", 9, "SummaryMetadata"),
    ],
    "Image": [
        ("height", 1, FIELD.TYPE_INT32),
        ("width", 2, FIELD.TYPE_INT32),
        ("colorspace", 3, FIELD.TYPE_INT32),
        ("encoded_image_string", 4, FIELD.TYPE_BYTES),
    ],
    "SummaryMetadata": [
        ("plugin_data", 1, "PluginData"),
        ("data_class", 4, FIELD.TYPE_INT32),  # an enum: SCALAR = 1, BLOB_SEQUENCE = 3
    ],
    "PluginData": [("plugin_name", 1, FIELD.TYPE_STRING), ("content", 2, FIELD.TYPE_BYTES)],
    "ImagePluginData": [("version", 1, FIELD.TYPE_INT32), ("converted_to_tensor", 2, FIELD.TYPE_BOOL)],
}


def classes():
    """The message classes, by name."""
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="vectors", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, *oneof in fields:
            f = message.field.add(name=field, number=number, label=FIELD.LABEL_OPTIONAL)
            if isinstance(kind, list):
                f.label, kind = FIELD.LABEL_REPEATED, kind[0]
            if isinstance(kind, str):
                f.type, f.type_name = FIELD.TYPE_MESSAGE, ".vectors." + kind
            else:
                f.type = kind
            if oneof:
                if not message.oneof_decl:
                    message.oneof_decl.add(name=oneof[0])
                f.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName("vectors." + name)) for name in MESSAGES}


M = classes()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(event):
    data = event.SerializeToString(deterministic=True)
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def scalar(tag, x, first=False):
    value = M["Value"](tag=tag, simple_value=x)
    if first:
        value.metadata.plugin_data.plugin_name = "scalars"
        value.metadata.data_class = 1
    return value


def image(tag, png, width, height, channels, first=False):
    value = M["Value"](tag=tag)
    value.image.height, value.image.width, value.image.colorspace = height, width, channels
    value.image.encoded_image_string = png
    if first:
        value.metadata.plugin_data.plugin_name = "images"
        value.metadata.plugin_data.content = M["ImagePluginData"](converted_to_tensor=True).SerializeToString()
        value.metadata.data_class = 3
    return value


def event_file(start, first_step, values):
    """The file's head, then the values, one second apart."""
    version = M["Event"](wall_time=start, file_version="brain.Event:2")
    version.source_metadata.writer = "keygan/train/tfevents"
    session = M["Event"](wall_time=start, step=first_step)
    session.session_log.status = 1
    events = [version, session]
    for i, (step, value) in enumerate(values, 1):
        event = M["Event"](wall_time=start + i, step=step)
        event.summary.value.append(value)
        events.append(event)
    return b"".join(map(record, events))


def png(width, height, color_type, channels):
    """A PNG of uniform noise; stored, so that every zlib gives the same bytes."""
    state, rows = 1, bytearray()
    for _ in range(height):
        rows.append(0)
        for _ in range(width * channels):
            state = (state * 1103515245 + 12345) % 2**31
            rows.append(state >> 16 & 255)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows), 0)) + chunk(b"IEND", b""))


def main():
    grey, rgb = png(4, 3, 0, 1), png(90, 70, 2, 3)
    fresh = event_file(1700000000.25, 0, [
        (0, scalar("loss/critic", 0.0, True)),
        (1, scalar("loss/critic", -1.5)),
        (1, scalar("loss/generator", 0.1, True)),
        (127, scalar("loss/critic", math.nan)),
        (128, scalar("loss/critic", math.inf)),
        (128, image("samples", grey, 4, 3, 1, True)),
        (300, scalar("Verlust/Prüfer ✓", 1e-40, True)),
        (300, image("samples", rgb, 90, 70, 3)),
        (2**40 + 1, scalar("loss/critic", -0.0)),
        (2**63 - 1, scalar("loss/critic", 3.4028234663852886e38)),
    ])
    resumed = event_file(1700003600.0, 128, [
        (128, scalar("loss/critic", 2.5, True)),
        (129, image("samples", grey, 4, 3, 1, True)),
    ])
    (HERE / "grey.png").write_bytes(grey)
    (HERE / "rgb.png").write_bytes(rgb)
    (HERE / "fresh.tfevents").write_bytes(fresh)
    (HERE / "resumed.tfevents").write_bytes(resumed)


if __name__ == "__main__":
    main()
