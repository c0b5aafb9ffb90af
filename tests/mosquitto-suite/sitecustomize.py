"""Gives mosquitto's own broker tests thingd to drive.

Python imports this module by itself when it starts with this directory on its path, so the scripts run as they are, and the
helpers they start do too. MOSQUITTO_TESTS is the directory of the scripts, THINGD the command that starts thingd, as JSON.

Two things of their harness are replaced: how the server is started, with the options of its configuration file as thingd's, and
how packets are compared: the properties of a CONNACK may come in any order, and "no matching subscribers" may be left unsaid.
"""
import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

directory = os.environ["MOSQUITTO_TESTS"]
sys.path[:0] = [directory, os.path.dirname(directory)]
import mosq_test

# What mosquitto is without being told.
DEFAULTS = {"receiveMaximum": "20", "topicAliasMaximum": "10", "maxPacketBytes": "268435460", "reasonStrings": "false"}
LIMITS = {
    "max_inflight_messages": ("maxInflight", "receiveMaximum"),
    "max_packet_size": ("maxPacketBytes",),
    "max_keepalive": ("maxKeepAlive",),
    "maximum_qos": ("maximumQoS",),
    "retain_available": ("retainAvailable",),
    "max_connections": ("maxConnections",),
    "max_queued_messages": ("maxQueuedMessages",),
    "max_queued_bytes": ("maxQueuedBytes",),
}


def options_of(configuration):
    limits, arguments = dict(DEFAULTS), []
    for line in configuration:
        name, _, value = line.strip().partition(" ")
        for limit in LIMITS.get(name, ()):
            limits[limit] = value
        if name == "persistence_file":
            arguments += ["--data-dir", data_directory(os.path.abspath(value.strip("/")))]
    for name, value in limits.items():
        arguments += ["--limit", f"{name}={value}"]
    return arguments


def data_directory(file):
    """Beside mosquitto's file, whose removal means a new beginning."""
    directory = f"{file}.thingd"
    if not os.path.exists(file):
        shutil.rmtree(directory, ignore_errors=True)
    open(file, "a").close()
    return directory


def die_with_parent():
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start_broker(filename, cmd=None, port=0, use_conf=False, expect_fail=False, nolog=False):
    lines = open(filename.replace(".py", ".conf")).readlines() if use_conf else []
    address = f"127.0.0.1:{port}"
    command = [*json.loads(os.environ["THINGD"]), "--mqtt", address, *options_of(lines)]
    broker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=die_with_parent)
    for _ in range(300):
        time.sleep(0.1)
        if broker.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return broker
        except ConnectionRefusedError:
            pass
    if expect_fail:
        return broker
    raise OSError(f"thingd did not start: {broker.communicate()}")


SIZES = {0x11: 4, 0x13: 2, 0x21: 2, 0x22: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}


def ordered(packet):
    """A short CONNACK of MQTT 5 with its properties in order; anything else as it is."""
    if len(packet) < 5 or packet[0] != 0x20 or len(packet) != packet[1] + 2:
        return packet
    properties, at = [], 5
    while at < len(packet):
        size = SIZES.get(packet[at]) or 2 + struct.unpack_from("!H", packet, at + 1)[0]
        properties.append(packet[at : at + 1 + size])
        at += 1 + size
    return packet[:5] + b"".join(sorted(properties))


def packet_matches(name, received, expected):
    unsaid = len(expected) == 5 and expected[0] in (0x40, 0x50) and expected[4] == 0x10
    if ordered(received) == ordered(expected) or (unsaid and received == expected[:1] + b"\x02" + expected[2:4]):
        return True
    print(f"{name}: {received.hex(' ')} instead of {expected.hex(' ')}")
    return False


mosq_test.start_broker = start_broker
mosq_test.packet_matches = packet_matches
