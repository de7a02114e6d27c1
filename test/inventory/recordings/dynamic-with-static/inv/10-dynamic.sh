#!/bin/sh
echo '{"tag_web": {"hosts": ["i-1", "i-2"]}, "tag_db": {"hosts": ["i-3"]}, "_meta": {"hostvars": {"i-1": {"ansible_host": "10.0.0.1"}}}}'
