#!/bin/bash
# Tries Graft's packages on a bare Debian without Node, Python, compilers and network, in a root of its own:
#   test/packages/bare-root.sh package   builds deb, rpm, AppImage and tar.gz with a stand-in for Electron, and tries them
#   test/packages/bare-root.sh bundle    tries dist/bundle, as `npm run bundle` made it
# As root on Debian or Ubuntu with debootstrap, p7zip-full, rpm, squashfs-tools, desktop-file-utils, bindfs, iproute2
# and a Chromium; takes some 8 GB in $WORK. Not part of `npm test`. Every check is a line that begins with ok or FAILED, figures lines with a time or a size.
set -uo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
what=${1:-package}
work=${WORK:-/tmp/graft-bare-root}
root=$work/root
base=$work/base
failed=0
mkdir -p "$work"
. "$project/test/packages/checks.sh"

# A minimal Debian, kept for the next time, and a fresh copy of it to try in.
[ -x "$base/usr/bin/dpkg" ] || debootstrap --variant=minbase bookworm "$base" >"$work/debootstrap.log" || exit 1
# What a Debian desktop has anyway; the package asks for it, and the network is off when it is installed.
depends="libgtk-3-0 libnotify4 libnss3 libxss1 libxtst6 xdg-utils libatspi2.0-0 libuuid1 libsecret-1-0 libgbm1 libasound2
  libglib2.0-bin shared-mime-info desktop-file-utils"
if [ "$(cat "$base/etc/graft-depends" 2>/dev/null)" != "$depends" ]; then
  cp /etc/resolv.conf "$base/etc/resolv.conf"
  chroot "$base" apt-get update >"$work/apt.log" 2>&1
  chroot "$base" apt-get install -y --no-install-recommends $depends >>"$work/apt.log" 2>&1 || exit 1
  chroot "$base" id lab >/dev/null 2>&1 || chroot "$base" useradd -m lab
  chroot "$base" apt-get clean
  echo "$depends" >"$base/etc/graft-depends"
fi
unmount() { for place in mnt/image install tmp opt proc dev; do umount -q "$root/$place" 2>/dev/null; done; }
unmount
rm -rf "$root"
cp -a "$base" "$root"
trap unmount EXIT
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
for program in node npm python3 gcc g++ make; do
  inside "! command -v $program" || exit 1
done
say ok "the root has no node, npm, python3, gcc, g++ or make"

# Not compressed, which takes minutes; the packages that others get are a quarter of that size.
build() {
  export ELECTRON_DIST=$work/electron CUSTOM_FPM_PATH=$project/test/packages/fpm.mjs STAND_IN_COMPRESSION=none
  export ELECTRON_BUILDER_7ZIP_PATH=$(command -v 7za) ELECTRON_BUILDER_COMPRESSION_LEVEL=0
  export APPIMAGE_TOOLS_PATH=$work/appimage-tools
  local output=-c.directories.output=$work/packages
  rm -rf "$work/packages" "$work/older" "$ELECTRON_DIST"
  cd "$project" && node test/packages/stand-in-electron.mjs "$ELECTRON_DIST" || return 1
  node test/packages/stand-in-appimage.mjs "$APPIMAGE_TOOLS_PATH" || return 1
  node build/package.mjs --linux deb rpm AppImage tar.gz "$output" >"$work/package.log" 2>&1 || return 1
  # The same as an older version, with a file that this one has not.
  cp -al "$work/packages/linux-unpacked" "$work/older"
  local engine=$work/older/resources/graft
  sed 's/"version": "[^"]*"/"version": "0.0.9"/' "$engine/package.json" >"$engine/package.json.new"
  mv "$engine/package.json.new" "$engine/package.json"
  touch "$engine/only-in-0.0.9"
  node build/run.mjs electron-builder --config build/electron-builder.mjs --publish never --linux deb rpm \
    --prepackaged "$work/older" -c.extraMetadata.version=0.0.9 "$output" >>"$work/package.log" 2>&1 || return 1
  rm -rf "$work/older" "$work/packages/linux-unpacked"
}
if [ "$what" = package ] && [ -z "${KEEP_PACKAGES:-}" ]; then
  build || { tail -n 20 "$work/package.log" && exit 1; }
fi

# From here on there is no network but the loopback of a namespace of its own.
export project work root base
case $what in
  package) tries='package rpm appimage' ;;
  bundle) tries=bundle ;;
  *) echo "package or bundle" && exit 2 ;;
esac
code=0
for try in $tries; do
  unshare --net bash -c "ip link set lo up && bash '$project/test/packages/try-$try.sh'" || code=1
done
exit $code
