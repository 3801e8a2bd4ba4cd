# What the scripts of this folder share: running something in the bare root as root or as the user lab, and saying how it
# went. $root is the bare root; $failed counts.
failed=${failed:-0}

say() { printf '%-7s %s\n' "$1" "$2"; }

# Environment of a login and nothing of ours.
clean='env -i LANG=C.UTF-8 TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
inside() { chroot "$root" $clean HOME=/root DEBIAN_FRONTEND=noninteractive sh -c "$1"; }
lab() { chroot --userspec=lab:lab "$root" $clean HOME=/home/lab USER=lab sh -c "cd || exit 1; $1"; }

# check NAME COMMAND…: ok where the command succeeds, else FAILED with the end of what it said. What it said is in
# last.log until the next check whose name does not begin with "…".
check() {
  local name=$1 log=$work/last.log
  case $name in …*) log=$work/about-last.log ;; esac
  shift
  if "$@" >"$log" 2>&1; then say ok "$name"; else
    say FAILED "$name"
    tail -n 15 "$log" | sed 's/^/        /'
    failed=$((failed + 1))
  fi
}

# timed NAME COMMAND…: the same, with the time it took.
timed() {
  local name=$1 began=$(date +%s%N)
  shift
  check "$name" "$@"
  say time "$name: $((($(date +%s%N) - began) / 1000000)) ms"
}

finish() {
  if [ "$failed" = 0 ]; then say ok 'everything'; else say FAILED "$failed checks"; fi
  exit "$((failed > 0))"
}
