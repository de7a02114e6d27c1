#!/bin/sh
# A dynamic inventory: any executable that prints this JSON for --list. Here it is fixed; yours asks a cloud or a database.
#   copse inventory -i inventory/cloud.sh
cat <<'JSON'
{
  "edge": { "hosts": ["i-0a1", "i-0b2"], "vars": { "channel": "stable" } },
  "canary": { "hosts": ["i-0a1"] },
  "_meta": {
    "hostvars": {
      "i-0a1": { "copse_address": "198.51.100.11" },
      "i-0b2": { "copse_address": "198.51.100.12" }
    }
  }
}
JSON
