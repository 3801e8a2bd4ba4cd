/** How the library shows its pictures: the same for all datasets, as long as the window is open. */
export class LibraryLook {
  /** CSS pixels of a picture's side: larger on a large screen, which is looked at from further away. */
  sidePx = $state(8 * Math.round(Math.min(224, Math.max(128, window.innerWidth / 16)) / 8));
  /** Whether labels are drawn over the pictures. */
  labels = $state(true);
  /** Whether details stand beside the grid. */
  inspecting = $state(true);
}
