#!/bin/sh
[ "$*" = --list ] || exit 3
cat <<'JSON'
{
  "web": {"hosts": ["d1", "d2"], "vars": {"a": 1, "list": [1, 2]}},
  "db": {"hosts": ["d3"], "children": ["shard"]},
  "shard": ["d4"],
  "all": {"vars": {"region": "eu"}},
  "parent": {"children": ["web", "db"]},
  "_meta": {
    "hostvars": {
      "d1": {"ansible_host": "10.0.0.1", "tags": {"Name": "d1"}},
      "d4": {"region": "us"},
      "ghost": {"x": 1}
    }
  }
}
JSON
