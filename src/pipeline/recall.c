#include "pipeline/recall.h"

#include "base/err.h"
#include "base/mem.h"
#include "net/loop.h"
#include "pipeline/stage.h"
#include "skill/cover.h"
#include "skill/knowledge.h"
#include "store/knowledge.h"
#include "store/store.h"

#define BATCH 16 /* tickets of one piece of work */

enum recall_state { RECALL_WAITS, RECALL_SEARCHES, RECALL_FOUND };

/* While it searches, a pool thread owns everything in it but `task`. */
struct recall {
  struct task *task; /* NULL: given up */
  struct arena *arena;
  enum recall_state state;
  struct recall_want want;
  struct recalled found;
  struct covers *covers;
  struct pace took;
  int rc;
  struct trg_err err;
  void (*then)(struct task *k);
  struct recall *next;
};

/*
 * One reader, and at rest whenever a turn is committed after its work: the log can be copied into
 * the database and begun anew only at a moment when nobody reads, and readers that take turns would
 * leave none.
 */
struct reader {
  struct recalls *all;  /* NULL: they are freed, and it goes when its work ends */
  struct store *beside; /* whose file it reads */
  struct store *store;  /* NULL: not opened yet */
  struct recall *batch; /* NULL: it rests */
};

struct recalls {
  struct road *road;
  struct reader *reader;
  struct recall *first, **last; /* waiting */
};

struct recalls *recalls_new(struct road *road) {
  struct recalls *r = mem_alloc(sizeof *r);
  r->road = road;
  r->last = &r->first;
  r->reader = mem_alloc(sizeof *r->reader);
  *r->reader = (struct reader){.all = r, .beside = road->setup.store};
  return r;
}

static void recall_free(struct recall *x) {
  covers_free(&x->covers);
  arena_free(&x->arena);
  mem_free(x);
}

static void reader_free(struct reader *p) {
  store_close(&p->store);
  mem_free(p);
}

void recalls_free(struct recalls **at) {
  struct recalls *r = *at;
  if (r == NULL) return;
  *at = NULL;
  for (struct recall *x = r->first, *next; x != NULL; x = next) {
    next = x->next;
    BUG_UNLESS(x->task == NULL);
    recall_free(x);
  }
  r->reader->all = NULL;
  if (r->reader->batch == NULL) reader_free(r->reader);
  mem_free(r);
}

/* --- on a pool thread --------------------------------------------------------------------------
 */

static int search(struct store *s, struct recall *x) {
  const struct recall_want *w = &x->want;
  struct recalled *f = &x->found;
  int rc = 0;
  if (w->similar > 0)
    rc = past_search(s, w->words, w->ticket_id, w->similar, x->arena, &f->similar,
                     &f->similar_count, &x->err);
  if (rc >= 0 && w->examples > 0)
    rc = example_search(s, w->words, w->examples, x->arena, &f->examples, &f->example_count,
                        &x->err);
  if (rc >= 0 && w->passages > 0)
    rc = knowledge_answer(s, w->words, w->language, f->similar, f->similar_count, w->passages,
                          x->arena, &f->passages, &f->passage_count, &x->err);
  if (rc >= 0) x->covers = cover_passages(f->passages, f->passage_count, w->profiles, x->arena);
  return rc;
}

static void search_pool(void *arg) {
  struct reader *p = arg;
  struct trg_err err = {0};
  int opened = p->store == NULL ? store_open_beside(p->beside, &p->store, &err) : 0;
  if (opened >= 0) opened = store_moment(p->store, true, &err);
  for (struct recall *x = p->batch; x != NULL; x = x->next) {
    const struct pace from = pace_begin();
    x->err = err;
    x->rc = opened < 0 ? opened : search(p->store, x);
    x->took = pace_since(from);
  }
  if (opened >= 0) (void)store_moment(p->store, false, NULL); /* reading only: nothing is lost */
}

/* --- on the loop -------------------------------------------------------------------------------
 */

static void found(struct recall *x) {
  struct task *k = x->task;
  if (k == NULL) {
    recall_free(x);
    return;
  }
  struct road *r = k->road;
  const int64_t ticket_id = k->ticket_id;
  struct pace from = pace_begin();
  from.us -= x->took.us;
  from.cpu_us -= x->took.cpu_us;
  store_must(x->rc, &x->err);
  x->state = RECALL_FOUND;
  x->then(k);
  pace_add(r, ticket_id, from);
}

/* Also when the loop is freed before: then every task has ended, and nothing is told. */
static void search_after(void *arg) {
  struct reader *p = arg;
  struct recall *x = p->batch;
  p->batch = NULL;
  while (x != NULL) {
    struct recall *next = x->next;
    x->next = NULL;
    found(x);
    x = next;
  }
  if (p->all == NULL)
    reader_free(p);
  else
    road_kick(p->all->road);
}

static void take_batch(struct recalls *r, struct reader *p) {
  struct recall **end = &p->batch;
  for (int n = 0; n < BATCH && r->first != NULL;) {
    struct recall *x = r->first;
    r->first = x->next;
    x->next = NULL;
    if (x->task == NULL) {
      recall_free(x);
      continue;
    }
    x->state = RECALL_SEARCHES;
    *end = x;
    end = &x->next;
    n++;
  }
  if (r->first == NULL) r->last = &r->first;
}

/* The pool's queue is full: the batch goes back to the front, until work of other tasks ends, which
 * lets the road take a turn. */
static void give_back(struct recalls *r, struct reader *p) {
  struct recall **end = &p->batch;
  for (; *end != NULL; end = &(*end)->next) (*end)->state = RECALL_WAITS;
  *end = r->first;
  if (r->first == NULL) r->last = end;
  r->first = p->batch;
  p->batch = NULL;
}

void recalls_go(struct recalls *r) {
  struct reader *p = r->reader;
  if (p->batch != NULL) return;
  take_batch(r, p);
  if (p->batch != NULL &&
      loop_work_or_drop(r->road->setup.loop, search_pool, search_after, search_after, p) < 0)
    give_back(r, p);
}

void recall_start(struct recalls *r, struct task *k, const struct recall_want *w,
                  void (*then)(struct task *k)) {
  struct recall *x = mem_alloc(sizeof *x);
  x->task = k;
  x->then = then;
  x->arena = arena_new();
  x->want = *w;
  x->want.words = arena_str(x->arena, w->words);
  x->want.language = arena_str(x->arena, w->language);
  x->found.words = x->want.words.p;
  *r->last = x;
  r->last = &x->next;
  k->recall = x;
}

const struct recalled *recall_found(const struct recall *x) {
  return &x->found;
}

struct covers *recall_covers(struct recall *x) {
  struct covers *c = x->covers;
  x->covers = NULL;
  return c;
}

void recall_end(struct recall **at) {
  struct recall *x = *at;
  if (x == NULL) return;
  *at = NULL;
  x->task = NULL;
  if (x->state == RECALL_FOUND) recall_free(x);
}
