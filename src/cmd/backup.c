#include <sys/stat.h>

#include "cmd/open.h"
#include "cmd/out.h"
#include "store/store.h"

static int backup_run(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  int status = reading_open(c, &r);
  if (status != 0) return status;
  struct out_clock *clock = out_clock_start("copying", NULL, NULL);
  const int rc = store_backup(r.store, c->words[0], &err);
  out_clock_end(&clock);
  if (rc < 0) status = reading_failed(&err);
  reading_close(&r);
  struct stat s = {0};
  if (status == 0 && stat(c->words[0], &s) == 0) {
    json *done = json_object();
    json_put_text(done, "file", c->words[0]);
    json_put_int(done, "bytes", (int64_t)s.st_size);
    if (!out_document_print(done, c)) printf("%s: %lld bytes\n", c->words[0], (long long)s.st_size);
    json_free(&done);
  }
  return status;
}

const struct cmd cmd_backup = {
    .name = "backup",
    .args = "FILE",
    .summary = "copy the database, also while the daemon runs",
    .help =
        "To put it back: stop the daemon, move triaged.db, triaged.db-wal and triaged.db-shm away\n"
        "from the state folder, copy FILE there as triaged.db, start. The file STATE/key is not\n"
        "in the copy: back it up too.",
    .run = backup_run,
};
