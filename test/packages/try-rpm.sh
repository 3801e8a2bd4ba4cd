# Run by bare-root.sh, without network: installs an older and then this version of the rpm by the rpm of this computer
# into the bare root, uses it, and takes it away. That root is a Debian, so what the package depends on is looked at only.
. "$project/test/packages/checks.sh"
packages=$work/packages
new=$(ls "$packages"/graft-*.x86_64.rpm | grep -v -- -0.0.9)
old=$packages/graft-0.0.9.x86_64.rpm
into() { rpm --root "$root" --dbpath /var/lib/rpm --nodeps "$@"; }
mkdir -p "$root/var/lib/rpm"

rpm -qlp "$new" >"$work/rpm-files"
outside() { grep -v '^/opt/Graft' "$work/rpm-files" | grep -vE '^/usr/share/(applications/graft-desktop.desktop|mime/packages/graft.xml|icons/hicolor/[0-9a-z]+/(apps|mimetypes)/)'; }
check 'the rpm has nothing outside its folder but menu entry, file type and icons' eval '! outside | grep .'
check 'it owns its folders' grep -qx /opt/Graft/resources/graft/node_modules "$work/rpm-files"
check 'it names what it depends on, as Fedora and SUSE call it' eval 'rpm -qpR "$new" | grep -qx gtk3 && rpm -qpR "$new" | grep -q "libuuid or libuuid1"'
check 'it says what it is' eval 'rpm -qpi "$new" | grep -q "^License *: MIT"'

timed 'an older rpm installs' into -U "$old"
check 'it calls itself 0.0.9' lab '[ "$(graft --version)" = 0.0.9 ]'
timed 'this rpm installs over it' into -U "$new"
check '… and keeps its commands' lab '[ "$(graft --version)" != 0.0.9 ] && command -v graft-desktop'
check '… and nothing that the older one alone had' inside '! test -e /opt/Graft/resources/graft/only-in-0.0.9'
check 'all files are as they were packed' into -V --nomtime --nomode graft
check 'graft doctor' lab 'graft doctor'
check '… finds native TensorFlow' grep -q 'native TensorFlow 2' "$work/last.log"
check 'the system knows the file type' lab 'graft new of-rpm.graft && gio info -a standard::content-type of-rpm.graft | grep -q application/vnd.graft.project'
check 'it is removed' into -e graft
check '… with its commands, its file type and its folders' inside '! command -v graft && ! command -v graft-desktop && ! test -e /opt/Graft && ! test -e /usr/share/mime/packages/graft.xml'
check '… and projects stay' lab 'test -s of-rpm.graft'
say size "rpm: $(($(stat -c %s "$new") / 1000000)) MB"
finish
