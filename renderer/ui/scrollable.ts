/** What scrolls must be reached by keys. Attachment of a scrolling element that holds nothing for Tab to stop at. */

/** Makes the element a named region and a stop for Tab, as long as it is smaller than what is in it. */
export const scrollable =
  (name: string) =>
  (element: HTMLElement): (() => void) => {
    function follow(): void {
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element;
      const scrolls = scrollWidth > clientWidth || scrollHeight > clientHeight;
      if (scrolls) {
        element.tabIndex = 0;
        element.setAttribute('role', 'region');
        // The section around it may go by the name itself, and no two regions may.
        element.setAttribute('aria-label', `${name}, to scroll`);
      } else {
        for (const attribute of ['tabindex', 'role', 'aria-label'])
          element.removeAttribute(attribute);
      }
    }
    const observer = new ResizeObserver(follow);
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  };
