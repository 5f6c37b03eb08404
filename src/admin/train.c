#include "admin/train.h"

#include <stdio.h>
#include <string.h>

#include "admin/core.h"
#include "admin/lesson.h"
#include "admin/retrain.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/time.h"
#include "net/loop.h"
#include "skill/knowledge.h"
#include "skill/taxonomy.h"
#include "store/knowledge.h"
#include "store/store.h"
#include "store/subject.h"

#define FILE_MAX_BYTES    ((size_t)512 << 20)
#define TRAIN_DEADLINE_MS ((int64_t)30 * 60 * 1000)

/* --- reading labelled files ---------------------------------------------------------------------
 */

#define TEXT_MAX_BYTES  ((size_t)1 << 20)
#define LABEL_MAX_BYTES 200

/* What is wrong with one label; NULL: nothing. */
static const char *label_wrong(struct trg_str label) {
  if (label.n > LABEL_MAX_BYTES) return "has a label that is longer than 200 bytes";
  for (size_t i = 0; i < label.n; i++)
    if ((unsigned char)label.p[i] < 0x20 || label.p[i] == 0x7f)
      return "has a control character in its label";
  return NULL;
}

static const char *labels_wrong(const json *labels) {
  const char *wrong = NULL;
  const json *category = json_get(labels, "category");
  if (category != NULL && !json_is_string(category) && !json_is_null(category))
    wrong = "has a category that is no text";
  for (const json *l = json_first(labels); l != NULL && wrong == NULL; l = json_next(l))
    wrong = label_wrong(json_str(l));
  return wrong;
}

static int line_wrong(struct trg_err *err, uint32_t n, const char *what) {
  return err_at(err, TRG_EINVAL, "format", n, "line %u %s", n, what);
}

static int line_tsv(struct trg_str line, uint32_t n, struct arena *a, struct labelled *out,
                    struct trg_err *err) {
  const char *tab = memchr(line.p, '\t', line.n);
  if (tab == NULL || tab == line.p)
    return err_at(err, TRG_EINVAL, "format", n,
                  "line %u is not \"label<TAB>text\" and no JSON object either", n);
  const struct trg_str label = {line.p, (size_t)(tab - line.p)};
  const char *wrong = label_wrong(label);
  if (wrong != NULL) return line_wrong(err, n, wrong);
  struct buf b;
  buf_init(&b, line.n * 6 + 64);
  buf_text(&b, "{\"category\":");
  buf_json(&b, label);
  buf_char(&b, '}');
  struct trg_example *e = &out->examples[out->count];
  e->labels = arena_str(a, buf_view(&b));
  e->text = arena_str(a, (struct trg_str){tab + 1, line.n - label.n - 1});
  buf_free(&b);
  out->count++;
  return 0;
}

/* Labels that stand beside the text instead of in an object of their own; NULL: no category. */
static json *flat_labels(const json *line) {
  static const char *const keys[] = {"category", "priority", "sentiment", "language"};
  if (json_get_str(line, "category").n == 0) return NULL;
  json *o = json_object();
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const struct trg_str v = json_get_str(line, keys[i]);
    if (v.n > 0) json_put_str(o, keys[i], v);
  }
  return o;
}

/* As of a ticket: the address, else the id. */
static struct trg_str requester_of(const json *line) {
  const json *who = json_get(line, "requester");
  const struct trg_str email = str_trim(json_get_str(who, "email"));
  return email.n > 0 ? email : str_trim(json_get_str(who, "id"));
}

/* Appends what a line of JSON teaches. */
static void example_add(const json *line, const json *labels, struct arena *a,
                        struct labelled *out) {
  const struct trg_str text = json_get_str(line, "text"), subject = json_get_str(line, "subject"),
                       body = json_get_str(line, "body");
  char *l = json_text(labels);
  struct trg_example *e = &out->examples[out->count];
  e->labels = arena_str(a, str_of(l));
  e->text = text.n > 0 ? arena_str(a, text)
                       : str_of(arena_printf(a, "%.*s\n%.*s", (int)subject.n,
                                             subject.p != NULL ? subject.p : "", (int)body.n,
                                             body.p != NULL ? body.p : ""));
  out->subjects[out->count] = arena_str(a, subject);
  out->replies[out->count] = arena_str(a, json_get_str(line, "reply"));
  out->requesters[out->count] = arena_str(a, requester_of(line));
  if (json_is_array(json_get(line, "thread"))) {
    char *thread = json_text(json_get(line, "thread"));
    out->threads[out->count] = arena_str(a, str_of(thread));
    mem_free(thread);
  }
  out->count++;
  mem_free(l);
}

static int line_json(struct trg_str line, uint32_t n, struct arena *a, struct labelled *out,
                     struct trg_err *err) {
  struct trg_err why = {0};
  json *o = json_parse(line, 0, &why);
  if (o == NULL)
    return err_at(err, TRG_EINVAL, "format", n, "line %u is no JSON object: %s", n, why.text);
  const json *labels = json_get(o, "labels");
  int rc = 0;
  if (json_get_str(o, "text").n + json_get_str(o, "subject").n + json_get_str(o, "body").n == 0)
    rc = err_at(err, TRG_EINVAL, "format", n, "line %u has neither \"text\" nor \"body\"", n);
  json *flat = json_is_object(labels) ? NULL : flat_labels(o);
  if (rc >= 0 && !json_is_object(labels) && flat == NULL)
    rc = err_at(err, TRG_EINVAL, "format", n,
                "line %u has no \"labels\" object, e.g. {\"category\":\"billing\"}", n);
  const char *wrong = rc >= 0 ? labels_wrong(flat != NULL ? flat : labels) : NULL;
  if (wrong != NULL) rc = line_wrong(err, n, wrong);
  if (rc >= 0) example_add(o, flat != NULL ? flat : labels, a, out);
  json_free(&flat);
  json_free(&o);
  return rc;
}

int labelled_check(const struct labelled *l, const char *path, struct trg_err *err) {
  for (size_t i = 1; i < l->count; i++)
    if (!str_eq(l->examples[i].labels, l->examples[0].labels)) return 0;
  return err_set(err, TRG_EINVAL, "one_label",
                 "%s: all %zu examples have the same labels %.*s; at least two are needed to tell "
                 "anything apart",
                 path, l->count, (int)(l->examples[0].labels.n < 80 ? l->examples[0].labels.n : 80),
                 l->examples[0].labels.p);
}

int labelled_read(const char *path, struct arena *a, struct labelled *ret, struct trg_err *err) {
  struct buf file;
  buf_init(&file, FILE_MAX_BYTES);
  int rc = file_read(path, FILE_MAX_BYTES, &file, err);
  struct trg_str rest = buf_view(&file), line;
  size_t lines = 1;
  for (size_t i = 0; i < rest.n; i++)
    if (rest.p[i] == '\n') lines++;
  struct labelled out = {.examples = arena_alloc(a, sizeof *out.examples * lines),
                         .subjects = arena_alloc(a, sizeof *out.subjects * lines),
                         .replies = arena_alloc(a, sizeof *out.replies * lines),
                         .threads = arena_alloc(a, sizeof *out.threads * lines),
                         .requesters = arena_alloc(a, sizeof *out.requesters * lines)};
  for (uint32_t n = 1; rc >= 0 && str_next(&rest, '\n', &line); n++) {
    line = str_trim(line);
    if (line.n == 0) continue;
    if (line.n > TEXT_MAX_BYTES)
      rc = line_wrong(err, n, "is longer than 1 MiB; shorten or remove it");
    else if (memchr(line.p, '\0', line.n) != NULL)
      rc = line_wrong(err, n, "holds a zero byte; save the file as text");
    else if (!utf8_valid(line))
      rc = err_at(err, TRG_EINVAL, "utf8", n, "line %u is not valid UTF-8; save the file as UTF-8",
                  n);
    else
      rc = line.p[0] == '{' ? line_json(line, n, a, &out, err) : line_tsv(line, n, a, &out, err);
    if (rc < 0) err_prefix(err, "%s", path);
  }
  buf_free(&file);
  if (rc >= 0 && out.count == 0)
    rc = err_set(err, TRG_EINVAL, "empty", "%s holds no examples", path);
  if (rc >= 0) *ret = out;
  return rc;
}

/* --- training -----------------------------------------------------------------------------------
 */

/* The sources of what is learnt, the most trusted first. */
enum { PART_FILE, PART_EARLIER, PART_SOLVED, PART_SKILLS, PARTS };
static const char *const part_names[PARTS] = {"file", "earlier_files", "solved_tickets", "skills"};

struct training {
  struct core *core;
  struct train_job job;
  struct arena *arena;
  struct lesson file;   /* the lines of a new file, masked; none of other trainings */
  size_t counts[PARTS]; /* texts that each source gave */
  char *categories;     /* JSON array of what was learnt */
  struct trg_str report;
};

static void training_free(struct training *t) {
  mem_free(t->categories);
  arena_free(&t->arena);
  mem_free(t);
}

static void train_on_reply(void *arg, const struct trg_model_reply *r) {
  struct training *t = arg;
  t->report = arena_str(t->arena, r->text);
}

static int masked(struct training *t, struct pii_map *m, struct trg_str text, struct trg_str *ret,
                  struct trg_err *err) {
  struct buf b;
  buf_init(&b, 0);
  const int rc = pii_mask(m, text, &b, NULL, NULL, err);
  if (rc >= 0) *ret = arena_str(t->arena, buf_view(&b));
  buf_free(&b);
  return rc;
}

static struct pii_map *map_new(const struct training *t) {
  struct pii_map *m = pii_map_new();
  pii_map_profiles(m, t->core->plan->conf->pii_profiles);
  return m;
}

/* Whose line it is, as erasing looks for it; "". */
static const char *lookup_of(const struct training *t, size_t i, char room[SUBJECT_HEX]) {
  const struct trg_str *all = t->job.with->requesters;
  room[0] = '\0';
  if (all != NULL && all[i].n > 0) subject_lookup(t->core->key, all[i], room);
  return room;
}

static int remember_reply(struct training *t, size_t i, struct trg_err *err) {
  const struct labelled *l = t->job.with;
  struct pii_map *m = map_new(t);
  struct trg_str text = {0}, reply = {0}, subject = {0};
  char lookup[SUBJECT_HEX];
  const char *cited = "[]";
  int rc = masked(t, m, l->examples[i].text, &text, err);
  if (rc >= 0) rc = masked(t, m, l->replies[i], &reply, err);
  if (rc >= 0) rc = masked(t, m, l->subjects[i], &subject, err);
  if (rc >= 0) rc = knowledge_source(t->core->store, reply, t->arena, &cited, err);
  if (rc >= 0) {
    json *labels = json_parse(l->examples[i].labels, 0, NULL);
    const struct past p = {.ref = arena_printf(t->arena, "past/%s-%zu", t->job.source, i + 1),
                           .subject = subject.p,
                           .text = text.p,
                           .category = arena_dup(t->arena, json_get_str(labels, "category")),
                           .language = arena_dup(t->arena, json_get_str(labels, "language")),
                           .reply = reply.p,
                           .status = "solved",
                           .cited = cited,
                           .lookup = lookup_of(t, i, lookup)};
    rc = past_put(t->core->store, &p, clock_now_ms(), err);
    json_free(&labels);
  }
  pii_map_free(&m);
  return rc;
}

/* Replies that people gave are what similar tickets can learn from. They are masked like any
 * ticket text. */
static int remember_replies(struct training *t, struct trg_err *err) {
  const struct labelled *l = t->job.with;
  int rc = 0;
  for (size_t i = 0; i < l->count && rc >= 0 && l->replies != NULL; i++)
    if (l->replies[i].n > 0) rc = remember_reply(t, i, err);
  return rc;
}

static int remember_file(struct training *t, struct trg_err *err) {
  struct store *s = t->core->store;
  int rc = t->job.forget ? taught_clear(s, err) : 0;
  char lookup[SUBJECT_HEX];
  for (size_t i = 0; i < t->file.count && rc >= 0; i++)
    rc = taught_put(s, &t->file.list[i], lookup_of(t, i, lookup), t->job.source, clock_now_ms(),
                    err);
  return rc;
}

/* The backend's report, and where its examples came from. */
static void report_sources(struct training *t) {
  json *r = json_parse(t->report, 0, NULL);
  if (!json_is_object(r)) {
    json_free(&r);
    return;
  }
  json *o = json_object();
  for (size_t i = 0; i < PARTS; i++) json_put_int(o, part_names[i], (int64_t)t->counts[i]);
  json_put(r, "sources", o);
  char *text = json_text(r);
  t->report = arena_str(t->arena, str_of(text));
  mem_free(text);
  json_free(&r);
}

static void train_on_done(void *arg, const struct trg_result *res) {
  struct training *t = arg;
  struct trg_err err = {0};
  int rc = 0;
  if (res->outcome != TRG_DONE)
    rc = err_set(&err, TRG_EIO, "train", "%.*s", (int)res->why.n,
                 res->why.p != NULL ? res->why.p : "");
  if (rc >= 0) rc = store_put(t->core->store, "train.source", t->job.source, &err);
  if (rc >= 0)
    rc = store_put(t->core->store, "train.starter_hash", t->core->plan->taxonomy->hash, &err);
  if (rc >= 0 && t->job.remember) {
    rc = store_put(t->core->store, "train.categories", t->categories, &err);
    if (rc >= 0) rc = remember_file(t, &err);
    if (rc >= 0) rc = remember_replies(t, &err);
    report_sources(t);
  }
  t->job.on_done(t->job.arg, t->report, rc < 0 ? &err : NULL);
  training_free(t);
}

static const struct op_events train_events = {.on_reply = train_on_reply, .on_done = train_on_done};

/* A file is learnt as tickets are read: masked, each line for itself. */
static int file_take(struct training *t, struct trg_err *err) {
  const struct labelled *l = t->job.with;
  t->file.list = arena_alloc(t->arena, sizeof *t->file.list * l->count);
  for (size_t i = 0; i < l->count; i++) {
    struct pii_map *m = map_new(t);
    const int rc = masked(t, m, l->examples[i].text, &t->file.list[i].text, err);
    pii_map_free(&m);
    if (rc < 0) return rc;
    t->file.list[i].labels = l->examples[i].labels;
  }
  t->file.count = l->count;
  return 0;
}

/* What is new, together with what was learnt before. */
static int training_gather(struct training *t, struct lesson *ret, struct trg_err *err) {
  const struct road_plan *plan = t->core->plan;
  struct lesson parts[PARTS] = {{0}};
  struct lesson *earlier = &parts[PART_EARLIER];
  struct labelled solved = {0};
  int rc = 0;
  if (t->job.history) {
    solved = *t->job.with;
  } else {
    rc = file_take(t, err);
    if (rc >= 0)
      rc = labelled_solved(t->core->store, plan->conf->triage.accept, t->arena, &solved, err);
  }
  if (rc >= 0 && !t->job.forget)
    rc = taught_list(t->core->store, t->arena, &earlier->list, &earlier->count, err);
  if (rc < 0) return rc;
  parts[PART_FILE] = t->file;
  struct lesson held;
  lesson_split((struct lesson){solved.examples, solved.count}, t->arena, &parts[PART_SOLVED],
               &held);
  const struct lesson skills = {(struct trg_example *)plan->taxonomy->examples,
                                plan->taxonomy->example_count};
  parts[PART_SKILLS] = lesson_fit(lesson_join(parts, PART_SOLVED, t->arena), skills, t->arena);
  for (size_t i = 0, before = 0; i < PARTS; i++) {
    *ret = lesson_join(parts, i + 1, t->arena);
    t->counts[i] = ret->count - before;
    before = ret->count;
    /* The skills' own categories are known without it. */
    if (i == PART_SOLVED) t->categories = lesson_categories(*ret);
  }
  return 0;
}

int train_start(struct core *c, const struct train_job *job, struct trg_err *err) {
  const char *model = NULL;
  struct trg_inst *inst = router_trainable(c->router, &model);
  if (inst == NULL)
    return err_set(
        err, TRG_ESTATE, "no_local",
        "no model of the configuration can be trained; add {name: house, backend: local}");
  if (retrain_swaps(c->retrain))
    return err_set(err, TRG_ESTATE, "busy",
                   "the daemon is just training this model itself; try again in a minute");
  c->trainings++;
  struct training *t = mem_alloc(sizeof *t);
  t->core = c;
  t->job = *job;
  t->arena = arena_new();
  struct lesson all = {job->with->examples, job->with->count};
  const int rc = job->remember ? training_gather(t, &all, err) : 0;
  if (rc < 0) {
    training_free(t);
    return rc;
  }
  /* The plugin's own `file` setting says where it keeps what it learns. */
  op_train(inst, all.list, all.count, (struct trg_str){NULL, 0}, &train_events, t,
           TRAIN_DEADLINE_MS);
  return 0;
}

void train_progress(struct core *c, int64_t *ret_done, int64_t *ret_total) {
  const struct trg_inst *inst = router_trainable(c->router, NULL);
  const struct trg_model_ops *ops = inst != NULL ? inst_model(inst) : NULL;
  *ret_done = *ret_total = 0;
  if (ops != NULL && ops->train_progress != NULL)
    ops->train_progress(inst_self(inst), ret_done, ret_total);
}

/* --- the starter --------------------------------------------------------------------------------
 */

bool train_starter_needed(struct core *c) {
  const struct taxonomy *t = c->plan->taxonomy;
  if (t->example_count == 0 || router_trainable(c->router, NULL) == NULL) return false;
  struct arena *a = arena_new();
  char *source = NULL, *hash = NULL;
  struct trg_err err = {0};
  const bool known = store_get(c->store, "train.source", a, &source, &err) >= 0 &&
                     store_get(c->store, "train.starter_hash", a, &hash, &err) >= 0;
  /* What the operator trained is never replaced by examples of the skills. */
  const bool needed = known && (source == NULL || (strcmp(source, "starter") == 0 &&
                                                   (hash == NULL || strcmp(hash, t->hash) != 0)));
  arena_free(&a);
  return needed;
}

struct starter {
  struct labelled with;
  void (*on_done)(void *arg);
  void *arg;
};

static void starter_done(void *arg, struct trg_str report, const struct trg_err *err) {
  struct starter *s = arg;
  (void)report;
  if (err != NULL)
    log_event(TRG_WARN, "starter.failed", "why", err->text, NULL);
  else
    log_event(TRG_INFO, "starter.trained", "examples", log_num((int64_t)s->with.count), NULL);
  s->on_done(s->arg);
  mem_free(s);
}

void train_starter(struct core *c, void (*on_done)(void *arg), void *arg) {
  struct starter *s = mem_alloc(sizeof *s);
  s->with.examples = (struct trg_example *)c->plan->taxonomy->examples;
  s->with.count = c->plan->taxonomy->example_count;
  s->on_done = on_done;
  s->arg = arg;
  const struct train_job job = {
      .source = "starter", .with = &s->with, .on_done = starter_done, .arg = s};
  struct trg_err err = {0};
  if (train_start(c, &job, &err) < 0) starter_done(s, (struct trg_str){NULL, 0}, &err);
}
