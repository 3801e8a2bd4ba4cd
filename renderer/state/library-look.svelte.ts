/** How the library shows its pictures: the same for all datasets, as long as the window is open. */
export class LibraryLook {
  /** CSS pixels of a picture's side. */
  sidePx = $state(128);
  /** Whether labels are drawn over the pictures. */
  labels = $state(true);
  /** Whether details stand beside the grid. */
  inspecting = $state(true);
}
