#!/bin/sh
# register: puts a Graft that was unpacked from an archive into your menu, and makes it open .graft files.
# `register remove` takes that back. Writes into your home only.
set -e
here=$(dirname -- "$(readlink -f -- "$0")")
app=$(dirname -- "$(dirname -- "$here")")
data=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$data/applications/graft-desktop.desktop
type=$data/mime/packages/graft.xml
icon=$data/icons/hicolor/512x512/apps/graft-desktop.png
sheet=$data/icons/hicolor/scalable/mimetypes/application-vnd.graft.project.svg

if [ "${1:-}" = remove ]; then
  rm -f "$entry" "$type" "$icon" "$sheet"
else
  mkdir -p "${entry%/*}" "${type%/*}" "${icon%/*}" "${sheet%/*}"
  # As the entry wants a quoted program: each of these a backslash, itself written as two, and % twice.
  program=$(printf '%s' "$app/graft-desktop" | sed -e 's/\\/\\\\&&/g' -e 's/["$`]/\\\\&/g' -e 's/%/%%/g')
  cat >"$entry" <<END
[Desktop Entry]
Type=Application
Name=Graft
Comment=Label images and train segmentation networks
Exec="$program" %U
Icon=graft-desktop
Terminal=false
StartupWMClass=graft-desktop
MimeType=application/vnd.graft.project;
Categories=Science;
END
  cp "$here/share/graft-project.xml" "$type"
  cp "$here/share/graft-desktop.png" "$icon"
  cp "$here/share/graft-project.svg" "$sheet"
fi
if command -v update-mime-database >/dev/null; then update-mime-database "$data/mime" || true; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database "$data/applications" || true; fi
