/** Functions of the shell: `fetch URL` with what the host has, and `serves REPO URL`, which is true when the URL gives that repository. */
export const FETCH = `fetch() {
  if command -v curl >/dev/null; then curl -fs -m 10 --noproxy '*' "$1"
  elif command -v wget >/dev/null; then wget -q -T 10 -O - "$1" 2>/dev/null
  elif command -v python3 >/dev/null; then
    python3 -c 'import sys, urllib.request as u
sys.stdout.buffer.write(u.build_opener(u.ProxyHandler({})).open(sys.argv[1], timeout=10).read())' "$1" 2>/dev/null
  else busybox wget -q -O - "$1" 2>/dev/null
  fi
}
serves() { [ "$(fetch "$2/config")" = "$(cat "$1/config")" ]; }
`;
