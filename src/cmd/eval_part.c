/*
 * An evaluation that was interrupted goes on where it was: each answer, and each batch that has a
 * question, is a line of a file in the state directory, whose name is the hash of everything that
 * the answers depend on. The file ends with the evaluation.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/bench.h"
#include "cmd/eval.h"
#include "conf/conf.h"
#include "pipeline/road.h"
#include "skill/taxonomy.h"

#define PART_BYTES_MAX ((size_t)1 << 30)

static void hash_text(struct hash *h, const char *text) {
  hash_add(h, str_of(text));
  hash_add(h, TRG_STR("\n"));
}

void eval_prompt_hash(const struct bench *b, char out[65]) {
  struct hash *h = hash_new();
  uint8_t sum[HASH_BYTES];
  hash_text(h, b->plan->triage_stable);
  hash_text(h, b->plan->triage_schema);
  hash_text(h, b->plan->taxonomy->json);
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, out);
}

void eval_source_hash(const struct labelled *with, char out[65]) {
  struct hash *h = hash_new();
  uint8_t sum[HASH_BYTES];
  for (size_t i = 0; i < with->count; i++) {
    hash_add(h, with->examples[i].text);
    hash_add(h, TRG_STR("\t"));
    hash_add(h, with->examples[i].labels);
    hash_add(h, TRG_STR("\n"));
    if (with->threads != NULL) hash_add(h, with->threads[i]);
  }
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, out);
}

void eval_part_name(const struct bench *b, const struct eval_run *run, const char *source_hash,
                    struct buf *ret_path) {
  char prompts[65], name[65];
  struct hash *h = hash_new();
  uint8_t sum[HASH_BYTES];
  eval_prompt_hash(b, prompts);
  hash_text(h, source_hash);
  hash_text(h, prompts);
  hash_text(h, run->model->name);
  hash_text(h, run->model->hash);
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, name);
  buf_printf(ret_path, "%s/eval-%.24s.part", b->plan->conf->state, name);
}

static void line_take(struct eval_run *run, const json *o) {
  const int64_t i = json_get_int(o, "i", -1);
  const size_t total = run->with->count * run->runs;
  const struct trg_str fields = json_get_str(o, "fields");
  const struct trg_str batch = json_get_str(o, "batch");
  if (i < 0 || (size_t)i >= total) return;
  if (batch.n > 0) {
    mem_free(run->batch_refs[i]);
    run->batch_refs[i] = mem_dup_str(batch);
  }
  if (fields.n != EVAL_FIELDS) return;
  struct scored *a = &run->answers[i];
  const struct trg_str guess = json_get_str(o, "guess");
  a->guess = guess.n > 0 ? score_label(run->labels, guess) : -1;
  a->confidence = json_get_double(o, "confidence", 0);
  a->latency_us = json_get_int(o, "us", 0);
  run->cost_micros += json_get_int(o, "cost", 0);
  memcpy(run->fields[i], fields.p, EVAL_FIELDS);
  if (!run->known[i]) run->resumed++;
  run->known[i] = true;
}

void eval_part_open(struct eval_run *run, const char *path) {
  struct buf file;
  struct trg_err err = {0};
  size_t lines = 0;
  buf_init(&file, PART_BYTES_MAX);
  if (file_exists(path) && file_read(path, PART_BYTES_MAX, &file, &err) >= 0) {
    struct trg_str rest = buf_view(&file), line;
    while (str_next(&rest, '\n', &line)) {
      lines++;
      json *o = json_parse(line, 0, NULL); /* a last line may be cut: it is asked again */
      if (o != NULL) line_take(run, o);
      json_free(&o);
    }
  }
  buf_free(&file);
  run->part_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  /* After a cut line the next one must begin anew. */
  if (run->part_fd >= 0 && lines > 0) (void)!write(run->part_fd, "\n", 1);
}

/* What cannot be kept is asked again another time; the evaluation itself goes on. */
static void line_put(struct eval_run *run, json *o) {
  char *text = json_text(o);
  struct buf line;
  buf_init(&line, 0);
  buf_printf(&line, "%s\n", text);
  if (write(run->part_fd, line.p, line.n) != (ssize_t)line.n) {
    (void)close(run->part_fd);
    run->part_fd = -1;
  }
  buf_free(&line);
  mem_free(text);
  json_free(&o);
}

void eval_part_waits(struct eval_run *run, size_t i) {
  if (run->part_fd < 0) return;
  json *o = json_object();
  json_put_int(o, "i", (int64_t)i);
  json_put_text(o, "batch", run->batch_refs[i]);
  line_put(run, o);
}

void eval_part_add(struct eval_run *run, size_t i, int64_t cost_micros) {
  const struct scored *a = &run->answers[i];
  if (run->part_fd < 0) return;
  json *o = json_object();
  json_put_int(o, "i", (int64_t)i);
  json_put_text(o, "guess", a->guess >= 0 ? run->labels->names[a->guess] : "");
  json_put_double(o, "confidence", a->confidence);
  json_put_int(o, "us", a->latency_us);
  json_put_int(o, "cost", cost_micros);
  json_put_str(o, "fields", (struct trg_str){run->fields[i], EVAL_FIELDS});
  line_put(run, o);
}

void eval_part_close(struct eval_run *run, const char *path, bool complete) {
  if (run->part_fd >= 0) (void)close(run->part_fd);
  run->part_fd = -1;
  if (complete) (void)unlink(path);
}
