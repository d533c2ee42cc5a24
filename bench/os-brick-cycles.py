"""Attach and detach cycles with os-brick, in one warm process on the host itself.

Reads {"properties": ..., "multipath": bool, "cycles": N} from stdin, prints one JSON line a cycle:
{"attach": seconds, "detach": seconds}.
"""
import json
import sys
import time

from oslo_concurrency import lockutils

lockutils.set_defaults('/run')
from os_brick.initiator import connector  # noqa: E402


def main():
    task = json.load(sys.stdin)
    brick = connector.InitiatorConnector.factory('ISCSI', None, use_multipath=task['multipath'])
    for _ in range(task['cycles']):
        start = time.monotonic()
        info = brick.connect_volume(task['properties'])
        attached = time.monotonic()
        brick.disconnect_volume(task['properties'], info)
        print(json.dumps({'attach': attached - start, 'detach': time.monotonic() - attached}), flush=True)


main()
