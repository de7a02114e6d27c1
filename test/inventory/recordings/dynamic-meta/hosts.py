#!/usr/bin/env python3
import json, sys
if sys.argv[1:] != ['--list']:
    sys.exit(3)
print(json.dumps({
    'web': {'hosts': ['d1', 'd2'], 'vars': {'a': 1, 'list': [1, 2]}},
    'db': {'hosts': ['d3'], 'children': ['shard']},
    'shard': ['d4'],
    'all': {'vars': {'region': 'eu'}},
    'parent': {'children': ['web', 'db']},
    '_meta': {'hostvars': {'d1': {'ansible_host': '10.0.0.1', 'tags': {'Name': 'd1'}}, 'd4': {'region': 'us'}, 'ghost': {'x': 1}}},
}))
