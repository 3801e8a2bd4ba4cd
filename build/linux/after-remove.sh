#!/bin/sh
# Run as root after Graft was taken away, and before a newer version is put in its place. Projects and settings are
# the users', and stay.
set -e
case "$1" in
  # dpkg's and rpm's words for: a newer version takes this one's place.
  upgrade | failed-upgrade | abort-install | abort-upgrade | 1) exit 0 ;;
esac

rm -f '/usr/bin/${executable}' /usr/bin/graft
profile='/etc/apparmor.d/${executable}'
if [ -f "$profile" ]; then
  if apparmor_status --enabled >/dev/null 2>&1 && ! ischroot 2>/dev/null; then apparmor_parser --remove "$profile" || true; fi
  rm -f "$profile"
fi

if command -v update-mime-database >/dev/null; then update-mime-database /usr/share/mime || true; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database /usr/share/applications || true; fi
if command -v gtk-update-icon-cache >/dev/null; then gtk-update-icon-cache -q -t -f /usr/share/icons/hicolor || true; fi
