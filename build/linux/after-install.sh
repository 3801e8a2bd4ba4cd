#!/bin/sh
# Run as root after a package of Graft was unpacked. ${executable} and ${sanitizedProductName} are electron-builder's.
set -e
app='/opt/${sanitizedProductName}'

ln -sf "$app/${executable}" '/usr/bin/${executable}'
ln -sf "$app/resources/graft/graft" /usr/bin/graft

# Chromium's sandbox: by user namespaces where the kernel lets everybody have them, else by a helper with root's rights.
if unshare --user true 2>/dev/null && [ "$(cat /proc/sys/kernel/unprivileged_userns_clone 2>/dev/null)" != 0 ]; then mode=0755; else mode=4755; fi
if [ -f "$app/chrome-sandbox" ]; then chmod "$mode" "$app/chrome-sandbox"; fi

# Ubuntu lets a program have user namespaces only by a profile.
profile="$app/resources/apparmor-profile"
if apparmor_status --enabled >/dev/null 2>&1 && apparmor_parser --skip-kernel-load --debug "$profile" >/dev/null 2>&1; then
  cp -f "$profile" '/etc/apparmor.d/${executable}'
  if ! ischroot 2>/dev/null; then apparmor_parser --replace --write-cache --skip-read-cache '/etc/apparmor.d/${executable}' || true; fi
fi

# What desktops know about programs and file types; a system without a desktop has none of these.
if command -v update-mime-database >/dev/null; then update-mime-database /usr/share/mime || true; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database /usr/share/applications || true; fi
if command -v gtk-update-icon-cache >/dev/null; then gtk-update-icon-cache -q -t -f /usr/share/icons/hicolor || true; fi
