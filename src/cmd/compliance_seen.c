/* Controls that the machine shows, as far as it does, or that a person confirms for a while. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/compliance_check.h"
#include "conf/conf.h"
#include "store/change.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define DEPTH_MAX      6

/* --- confirmed by a person ---------------------------------------------------------------------
 */

/* What is to be looked at, for controls of the shipped templates. */
static const struct {
  const char *id, *ask;
} asks[] = {
    {"gdpr-basis", "that the record of processing names purpose and legal basis of each helpdesk "
                   "and model"},
    {"hipaa-vendors", "that an agreement with the helpdesk's vendor is signed and its plan and "
                      "settings are covered by it"},
    {"hipaa-rest", "that the volume below the state folder is encrypted"},
    {"pci-10.3.3", "that the journal of this machine is forwarded to another"},
    {"pci-10.6", "that the host keeps this machine's clock"}};

static enum control_state confirmed_or(const struct control_look *l, enum control_state otherwise) {
  struct confirmation c;
  struct trg_err err = {0};
  char at[TIME_RFC3339_MAX], until[TIME_RFC3339_MAX];
  const int rc = confirmation_of(l->r->store, l->id, l->r->arena, &c, &err);
  const char *gap = l->why->n > 0 ? "; " : "";
  if (rc == 0) {
    time_format(c.at_ms / 1000 * 1000, at);
    time_format(c.until_ms / 1000 * 1000, until);
    const bool holds = c.until_ms > clock_now_ms();
    buf_printf(l->why, "%sconfirmed by %s on %s until %s%s: %s", gap, c.who, at, until,
               holds ? "" : " (over)", c.text);
    if (holds) return CONTROL_ON;
    gap = "; ";
  }
  const char *ask = "that this is so";
  for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
    if (strcmp(asks[i].id, l->id) == 0) ask = asks[i].ask;
  buf_printf(l->why, "%slook %s, then: triagectl compliance confirm %s --why \"...\"", gap, ask,
             l->id);
  return otherwise;
}

enum control_state control_confirmed(const struct control_look *l) {
  return confirmed_or(l, CONTROL_MANUAL);
}

/* --- the clock ---------------------------------------------------------------------------------
 */

enum control_state control_clock(const struct control_look *l) {
  struct timex t = {0};
  const int state = adjtimex(&t);
  if (state < 0 || state == TIME_ERROR || (t.status & STA_UNSYNC) != 0) {
    buf_text(l->why, "the kernel does not know its clock to be synchronised (timedatectl)");
    return confirmed_or(l, CONTROL_OFF);
  }
  buf_printf(l->why, "the kernel's clock is synchronised, off by at most %ld ms",
             t.maxerror / 1000);
  return CONTROL_ON;
}

/* --- the disk ----------------------------------------------------------------------------------
 */

static bool small_file(const char *path, char *ret, size_t room) {
  FILE *f = fopen(path, "re");
  if (f == NULL) return false;
  const bool good = fgets(ret, (int)room, f) != NULL;
  (void)fclose(f);
  if (good) ret[strcspn(ret, "\n")] = '\0';
  return good;
}

/* The device itself or one below it is dm-crypt (or LUKS, which is the same to the kernel). */
static bool is_crypt(const char *sys, int depth) {
  char path[300], uuid[200];
  (void)snprintf(path, sizeof path, "%.250s/dm/uuid", sys);
  if (small_file(path, uuid, sizeof uuid) && strncmp(uuid, "CRYPT-", 6) == 0) return true;
  (void)snprintf(path, sizeof path, "%.250s/slaves", sys);
  DIR *d = depth > 0 ? opendir(path) : NULL;
  if (d == NULL) return false;
  bool found = false;
  for (const struct dirent *e; !found && (e = readdir(d)) != NULL;) {
    if (e->d_name[0] == '.') continue;
    (void)snprintf(path, sizeof path, "/sys/class/block/%.200s", e->d_name);
    found = is_crypt(path, depth - 1);
  }
  (void)closedir(d);
  return found;
}

struct mount {
  char point[256], type[32], source[200];
};

/* The mount that a path is on: the longest mount point before it in /proc/self/mountinfo. */
static bool mount_of(const char *path, struct mount *ret) {
  FILE *f = fopen("/proc/self/mountinfo", "re");
  char line[2000];
  size_t best = 0;
  if (f == NULL) return false;
  while (fgets(line, sizeof line, f) != NULL) {
    struct mount m = {.type = ""};
    const char *dash = strstr(line, " - ");
    if (dash == NULL || sscanf(line, "%*s %*s %*s %*s %255s", m.point) != 1 ||
        sscanf(dash, " - %31s %199s", m.type, m.source) != 2)
      continue;
    const size_t n = strlen(m.point);
    if (strncmp(path, m.point, n) != 0 || n < best) continue;
    if (n > 1 && path[n] != '/' && path[n] != '\0') continue;
    best = n;
    *ret = m;
  }
  (void)fclose(f);
  return best > 0;
}

enum control_state control_disk(const struct control_look *l) {
  static const char *const own[] = {"ecryptfs", "fuse.gocryptfs", "fuse.encfs", "fuse.cryfs"};
  struct mount m = {.type = ""};
  struct stat st;
  char sys[64];
  char *state = realpath(l->r->conf->state, NULL);
  const bool known = state != NULL && mount_of(state, &m);
  free(state);
  if (!known) {
    buf_text(l->why, "the mount of the state folder is not known");
    return confirmed_or(l, CONTROL_MANUAL);
  }
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strcmp(m.type, own[i]) == 0) {
      buf_printf(l->why, "%s is %s, which encrypts", m.point, m.type);
      return CONTROL_ON;
    }
  if (stat(m.source, &st) == 0 && S_ISBLK(st.st_mode)) {
    (void)snprintf(sys, sizeof sys, "/sys/dev/block/%u:%u", major(st.st_rdev), minor(st.st_rdev));
    if (is_crypt(sys, DEPTH_MAX)) {
      buf_printf(l->why, "%s (%s on %s) lies on dm-crypt", m.point, m.type, m.source);
      return CONTROL_ON;
    }
  }
  buf_printf(l->why, "%s (%s on %s): no encryption is seen from here", m.point, m.type, m.source);
  return confirmed_or(l, CONTROL_MANUAL);
}

/* --- the log, elsewhere ------------------------------------------------------------------------
 */

static bool line_forwards(struct trg_str line, bool journal) {
  line = str_trim(line);
  if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';') return false;
  if (journal) return str_starts(line, "URL=") && line.n > 4;
  const ptrdiff_t at = str_find(line, "@");
  return str_find(line, "omfwd") >= 0 || str_find(line, "omrelp") >= 0 ||
         (at > 0 && str_find(line, " ") >= 0 && strchr(" \t", line.p[at - 1]) != NULL);
}

struct forward {
  const struct control_look *l;
  bool journal, found;
};

static int file_look(void *arg, const char *path) {
  struct forward *w = arg;
  struct buf b;
  struct trg_err err = {0};
  if (w->found) return 0;
  buf_init(&b, FILE_MAX_BYTES);
  if (file_read(path, FILE_MAX_BYTES, &b, &err) >= 0) {
    struct trg_str rest = buf_view(&b), line;
    for (unsigned n = 1; !w->found && str_next(&rest, '\n', &line); n++) {
      w->found = line_forwards(line, w->journal);
      if (w->found) buf_printf(w->l->why, "%s:%u forwards the log of this machine", path, n);
    }
  }
  buf_free(&b);
  return 0;
}

enum control_state control_off_box(const struct control_look *l) {
  static const struct {
    const char *path;
    bool journal;
  } places[] = {{"/etc/systemd/journal-upload.conf", true},
                {"/etc/systemd/journal-upload.conf.d", true},
                {"/etc/rsyslog.conf", false},
                {"/etc/rsyslog.d", false}};
  struct forward w = {.l = l};
  for (size_t i = 0; i < sizeof places / sizeof *places && !w.found; i++) {
    struct trg_err err = {0};
    w.journal = places[i].journal;
    if (file_is_dir(places[i].path))
      (void)file_walk(places[i].path, 1, file_look, &w, &err);
    else if (file_exists(places[i].path))
      (void)file_look(&w, places[i].path);
  }
  if (w.found) return CONTROL_ON;
  buf_text(l->why, "neither journal-upload nor rsyslog of this machine names another");
  return confirmed_or(l, CONTROL_MANUAL);
}
