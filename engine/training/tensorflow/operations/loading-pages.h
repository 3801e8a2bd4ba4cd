/** Memory of TensorFlow's libraries that was needed to load them and never again. */
#ifndef GRAFT_LOADING_PAGES_H
#define GRAFT_LOADING_PAGES_H

namespace graft {

/**
 * Gives the pages of TensorFlow's libraries back that loading walked through: names of symbols and relocations, some
 * 200 MB. They are copies of the file that nobody may write, so what is used after all is read from it again.
 */
void releaseLoadingPages();

}  // namespace graft

#endif
