#include "cmd/shadow_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/similar.h"
#include "store/shadow.h"

/* Below this two drafts are listed as different. */
#define DRAFTS_ALIKE 0.5

const char *const compared_fields[SHADOW_FIELDS] = {"category",    "subcategory", "priority",
                                                    "team",        "language",    "sentiment",
                                                    "wants_human", "escalate"};

static void *grown(struct arena *a, void *list, size_t n, size_t *room, size_t each) {
  if (n < *room) return list;
  *room = *room == 0 ? 64 : *room * 2;
  void *more = arena_alloc(a, *room * each);
  if (n > 0) memcpy(more, list, n * each);
  return more;
}

static struct shadow_row *row_of(struct shadow_sum *s, const struct shadow *w) {
  for (size_t i = 0; i < s->row_count; i++)
    if (strcmp(s->rows[i].model, w->model) == 0 && strcmp(s->rows[i].task, w->stage) == 0)
      return &s->rows[i];
  s->rows = grown(s->arena, s->rows, s->row_count, &s->row_room, sizeof *s->rows);
  struct shadow_row *r = &s->rows[s->row_count++];
  *r = (struct shadow_row){.model = arena_dup(s->arena, str_of(w->model)),
                           .task = arena_dup(s->arena, str_of(w->stage))};
  return r;
}

static void gap_add(struct shadow_sum *s, const struct shadow_pair *p, const char *field,
                    struct trg_str live, struct trg_str shadow) {
  s->gaps = grown(s->arena, s->gaps, s->gap_count, &s->gap_room, sizeof *s->gaps);
  s->gaps[s->gap_count++] = (struct shadow_gap){
      .ref = arena_dup(s->arena, str_of(p->ref)),
      .task = arena_dup(s->arena, str_of(p->shadow.stage)),
      .model = arena_dup(s->arena, str_of(p->shadow.model)),
      .field = field,
      .live = arena_dup(s->arena, live),
      .shadow = arena_dup(s->arena, shadow),
      .pass = p->shadow.pass,
      .at_ms = p->shadow.at_ms};
}

static void latency_add(struct shadow_sum *s, struct shadow_row *r, const struct shadow_pair *p) {
  size_t room = r->us_room;
  r->us = grown(s->arena, r->us, r->us_count, &room, sizeof *r->us);
  r->live_us = grown(s->arena, r->live_us, r->us_count, &r->us_room, sizeof *r->live_us);
  r->us[r->us_count] = p->shadow.latency_us;
  r->live_us[r->us_count++] = p->live_latency_us;
}

/* The value of a field as one word; of "yes" and "no" too. */
static struct trg_str word_of(const json *o, const char *field) {
  const json *v = json_get(o, field);
  if (json_is_bool(v)) return json_get_bool(o, field, false) ? TRG_STR("true") : TRG_STR("false");
  return str_trim(json_get_str(o, field));
}

static void triage_add(struct shadow_sum *s, struct shadow_row *r, const struct shadow_pair *p,
                       const json *live, const json *shadow) {
  for (size_t i = 0; i < SHADOW_FIELDS; i++) {
    const struct trg_str a = word_of(live, compared_fields[i]),
                         b = word_of(shadow, compared_fields[i]);
    char *text = mem_dup_str(a);
    const bool same = str_is_nocase(b, text);
    mem_free(text);
    r->field[i].n++;
    r->field[i].same += same;
    if (!same) gap_add(s, p, compared_fields[i], a, b);
  }
}

static void mean_add(struct shadow_mean *m, double value) {
  m->n++;
  m->sum += value;
}

static void draft_add_pair(struct shadow_sum *s, struct shadow_row *r, const struct shadow_pair *p,
                           const json *live, const json *shadow) {
  const struct trg_str a = json_get_str(live, "body"), b = json_get_str(shadow, "body");
  const double alike = text_similar(a, b);
  mean_add(&r->like_live, alike);
  if (alike < DRAFTS_ALIKE) gap_add(s, p, "body", a, b);
  if (p->sent[0] == '\0') return;
  mean_add(&r->like_sent, text_similar(str_of(p->sent), b));
  mean_add(&r->live_like_sent, text_similar(str_of(p->sent), a));
}

void shadow_sum_add(struct shadow_sum *s, const struct shadow_pair *p) {
  const struct shadow *w = &p->shadow;
  struct shadow_row *r = row_of(s, w);
  const bool busy = strcmp(w->outcome, "busy") == 0 || strcmp(w->outcome, "budget") == 0;
  const bool unsure = strcmp(w->outcome, "unsure") == 0;
  r->asked += !busy;
  r->skipped += busy;
  r->cost_micros += w->cost_micros;
  if (busy) return;
  if (!unsure && strcmp(w->outcome, "ok") != 0) {
    r->failed++;
    return;
  }
  r->answered++;
  r->unsure += unsure;
  json *live = json_parse(str_of(p->live), 0, NULL);
  json *shadow = json_parse(str_of(w->answer), 0, NULL);
  if (live != NULL && shadow != NULL) {
    r->live_cost_micros += p->live_cost_micros;
    latency_add(s, r, p);
    if (strcmp(w->stage, "triage") == 0)
      triage_add(s, r, p, live, shadow);
    else
      draft_add_pair(s, r, p, live, shadow);
  }
  json_free(&live);
  json_free(&shadow);
}

static int by_size(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

double shadow_rank_ms(const int64_t *us, size_t count, double share) {
  if (count == 0) return 0;
  int64_t *sorted = mem_array(count, sizeof *sorted);
  memcpy(sorted, us, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, by_size);
  size_t k = (size_t)ceil(share * (double)count);
  if (k > 0) k--;
  const double ms = (double)sorted[k < count ? k : count - 1] / 1000.0;
  mem_free(sorted);
  return ms;
}
