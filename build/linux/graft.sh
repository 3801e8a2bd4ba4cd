#!/bin/sh
# graft: the command line of an installed Graft, on the Node that came with it.
self=$(readlink -f -- "$0" 2>/dev/null || echo "$0")
here=$(dirname -- "$self")
# Compiled code is kept from one start to the next; where there is no home, or it cannot be written, Node does without.
if [ -n "${HOME:-}" ]; then
  : "${NODE_COMPILE_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/graft/compile-cache}"
  export NODE_COMPILE_CACHE
fi
exec "$here/node" "$here/engine/cli.mjs" "$@"
