# Run by bare-root.sh, without network: takes the AppImage apart, and runs the engine in it. The program at its head is a
# stand-in (stand-in-appimage.mjs), so the mounting is done by the system.
. "$project/test/packages/checks.sh"
image=$(ls "$work"/packages/Graft-*.AppImage)
graft=squashfs-root/resources/graft/graft

unpack() { cd "$root/home/lab" && rm -rf squashfs-root && "$image" --appimage-extract && chown -R --reference=. squashfs-root; }
timed 'the AppImage unpacks' unpack
check 'its menu entry is sound' inside 'desktop-file-validate /home/lab/squashfs-root/graft-desktop.desktop'
check '… and names the file type' lab 'grep -q "^MimeType=application/vnd.graft.project;" squashfs-root/graft-desktop.desktop'
check 'it has an icon' lab 'test -s squashfs-root/graft-desktop.png || test -s squashfs-root/graft-desktop.svg'
check 'it starts the shell' lab 'squashfs-root/AppRun; test $? = 1'
check '… which is a stand-in here' grep -q 'stand-in for Electron' "$work/last.log"
check 'graft doctor' lab "$graft doctor"
check '… finds native TensorFlow' grep -q 'native TensorFlow 2' "$work/last.log"
check 'a project is made and checked' lab "$graft new of-image.graft && $graft check of-image.graft"
rm -rf "$root/home/lab/squashfs-root"
mkdir -p "$root/mnt/image"
trap 'umount -q "$root/mnt/image"' EXIT
check 'mounted as it is, read-only' mount -t squashfs -o ro,loop,offset=4096 "$image" "$root/mnt/image"
check '… it starts the shell' lab '/mnt/image/AppRun; test $? = 1'
check '… and its engine works' lab '/mnt/image/resources/graft/graft doctor && /mnt/image/resources/graft/graft new of-mounted.graft'
umount "$root/mnt/image"
say size "AppImage: $(($(stat -c %s "$image") / 1000000)) MB"
finish
