#include <stdio.h>

#include "base/err.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "skill/knowledge.h"
#include "store/knowledge.h"
#include "store/turn.h"

#define TIMEOUT_MS (INT64_C(10) * 60 * 1000)

static bool progress(void *arg, size_t done, size_t total) {
  out_bar_show(arg, done, total);
  return true;
}

static int own_index(struct core *core, size_t *ret_changed, struct trg_err *err) {
  const struct conf *f = core->plan->conf;
  struct out_bar bar;
  out_bar_start(&bar, "indexing");
  int rc = knowledge_index(core->store, f->knowledge, f->knowledge_count, f->pii_profiles, progress,
                           &bar, ret_changed, err);
  if (rc >= 0) rc = turn_flush(core->store, err);
  out_bar_end(&bar);
  return rc;
}

static int count_now(const struct cmd_call *c, int64_t *ret) {
  struct reading r;
  struct trg_err err = {0};
  int status = reading_open(c, &r);
  if (status != 0) return status;
  if (passage_count(r.store, ret, &err) < 0) status = reading_failed(&err);
  reading_close(&r);
  return status;
}

static int reindex_run(const struct cmd_call *c) {
  struct asking_side s;
  struct trg_err err = {0};
  int64_t passages = 0, before = 0;
  size_t changed = 0;
  int status = ask_open(c, &s);
  if (status != 0) return status;
  const bool daemon = s.daemon;
  int rc = 0;
  if (daemon && (status = count_now(c, &before)) != 0) {
    ask_close(&s);
    return status;
  }
  if (daemon) {
    json *answer = NULL;
    json *request = ask_request("reload");
    json_put_bool(request, "tell", true);
    struct out_clock *clock = out_clock_start("indexing", ask_told, &s);
    rc = ask_send(&s, request, TIMEOUT_MS, &answer, &err);
    out_clock_end(&clock);
    json_free(&answer);
  } else {
    rc = own_index(&s.core, &changed, &err);
  }
  ask_close(&s);
  if (rc < 0) return cmd_fail(CMD_FAILED, "%s", err.text);
  status = count_now(c, &passages);
  if (status != 0) return status;
  json *done = json_object();
  if (!daemon) json_put_int(done, "files_changed", (int64_t)changed);
  if (daemon) json_put_int(done, "passages_before", before);
  json_put_int(done, "passages", passages);
  if (!out_document_print(done, c)) {
    if (!daemon) printf("%zu files were new or changed; ", changed);
    printf("%lld passages are indexed", (long long)passages);
    if (daemon) printf(", %lld before", (long long)before);
    putchar('\n');
  }
  json_free(&done);
  return CMD_OK;
}

const struct cmd cmd_reindex = {
    .name = "reindex",
    .args = "",
    .summary = "bring the index up to date with knowledge folders",
    .help = "Only new and changed files are read. A running daemon also reloads its configuration\n"
            "and skills with it.",
    .run = reindex_run,
};
