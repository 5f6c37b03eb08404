#include "admin/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* By a descriptor of the file itself: the folder is its owner's, who may exchange names meanwhile.
 */
static void give(int folder, const char *name, const struct stat *to) {
  struct stat st;
  const int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return; /* gone since */
  const bool ours = fstat(fd, &st) == 0 && st.st_uid == 0 && st.st_nlink == 1 &&
                    (S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode));
  if (ours && fchownat(fd, "", to->st_uid, to->st_gid, AT_EMPTY_PATH) != 0)
    log_event(TRG_WARN, "state.owner", "file", name, "why", strerror(errno), NULL);
  close(fd);
}

void owner_give_back(const char *state) {
  struct stat to;
  DIR *d = geteuid() == 0 && state != NULL ? opendir(state) : NULL;
  if (d == NULL) return;
  if (fstat(dirfd(d), &to) == 0 && to.st_uid != 0)
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
      give(dirfd(d), e->d_name, &to);
  closedir(d);
}
