#!/usr/bin/env python3
"""Records what Ansible says about every inventory under recordings/.

    python3 -m venv /tmp/ansible && /tmp/ansible/bin/pip install ansible-core==2.19.14
    PATH=/tmp/ansible/bin:$PATH test/inventory/record.py [CASE...]

Each case is a folder with inventory files and a case.json:
  sources   what is given with -i, relative to the folder
  playbook  folder given with --playbook-dir
  patterns  host patterns for `ansible PATTERN --list-hosts`
  limits    pairs of pattern and --limit
  lists     limits for `ansible-inventory --list --limit`
  hosts     hosts for `ansible-inventory --host`
  differs   where copse differs on purpose: what copse says, and because of what (null is a refusal)
The answers go into recorded.json beside it.
"""
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'recordings')
ENV = {
    'PATH': os.environ['PATH'],
    'HOME': '/nonexistent',
    'LC_ALL': 'C.UTF-8',
    'ANSIBLE_NOCOLOR': '1',
    'ANSIBLE_HOME': '/tmp/ansible-record',
    'ANSIBLE_DEPRECATION_WARNINGS': '0',
}


def run(folder, argv):
    done = subprocess.run(argv, cwd=folder, env=ENV, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def inventory(folder, base, *more):
    code, out, err = run(folder, ['ansible-inventory', *base, *more])
    if code != 0:
        print(f'{folder}: ansible-inventory {" ".join(more)}: {err}', file=sys.stderr)
    return out if code == 0 else 'null'


def hosts(folder, base, pattern, limit=None):
    argv = ['ansible', *base, '--list-hosts', pattern]
    if limit is not None:
        argv += ['--limit', limit]
    code, out, err = run(folder, argv)
    found = re.findall(r'^    (\S.*)$', out, re.M)
    flat = ' '.join(err.split())
    unmatched = re.findall(r'Could not match supplied host pattern, ignoring: (\S+)', flat)
    return {'status': code, 'hosts': found, **({'unmatched': unmatched} if unmatched else {})}


def record(name):
    folder = os.path.join(ROOT, name)
    with open(os.path.join(folder, 'case.json')) as file:
        case = json.load(file)
    base = [word for source in case['sources'] for word in ('-i', source)]
    if 'playbook' in case:
        base += ['--playbook-dir', case['playbook']]
    answer = {
        'list': json.loads(inventory(folder, base, '--list')),
        'graph': inventory(folder, base, '--graph'),
        'hosts': {host: json.loads(inventory(folder, base, '--host', host)) for host in case.get('hosts', [])},
        'lists': {limit: json.loads(inventory(folder, base, '--list', '--limit', limit)) for limit in case.get('lists', [])},
        'patterns': {pattern: hosts(folder, base, pattern) for pattern in case.get('patterns', [])},
        'limits': [{'pattern': p, 'limit': l, **hosts(folder, base, p, l)} for p, l in case.get('limits', [])],
    }
    with open(os.path.join(folder, 'recorded.json'), 'w') as file:
        json.dump(answer, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.write('\n')
    print(name, flush=True)


def main():
    wanted = sys.argv[1:] or sorted(os.listdir(ROOT))
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(record, name) for name in wanted]:
            done.result()


main()
