#include "model/score.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

int32_t score_label(struct score_labels *l, struct trg_str name) {
  for (size_t i = 0; i < l->count; i++)
    if (str_is_nocase(name, l->names[i])) return (int32_t)i;
  if (l->count == l->room) {
    l->room = l->room == 0 ? 64 : l->room * 2;
    const char **more = arena_alloc(l->arena, l->room * sizeof *more);
    if (l->count > 0) memcpy(more, l->names, l->count * sizeof *more);
    l->names = more;
  }
  l->names[l->count] = arena_dup(l->arena, name);
  return (int32_t)l->count++;
}

bool score_right(const struct scored *a) {
  return a->guess >= 0 && a->guess == a->truth;
}

double score_sure(const struct scored *a) {
  return a->guess < 0 || a->confidence < 0 ? 0 : a->confidence > 1 ? 1 : a->confidence;
}

double score_macro_f1(const struct scored *a, size_t count) {
  int32_t most = -1;
  for (size_t i = 0; i < count; i++) {
    if (a[i].truth > most) most = a[i].truth;
    if (a[i].guess > most) most = a[i].guess;
  }
  if (most < 0) return 0;
  struct tally {
    size_t right, guessed, true_ones;
  } *t = mem_array((size_t)most + 1, sizeof *t);
  for (size_t i = 0; i < count; i++) {
    t[a[i].truth].true_ones++;
    if (a[i].guess >= 0) t[a[i].guess].guessed++;
    if (score_right(&a[i])) t[a[i].truth].right++;
  }
  double sum = 0;
  size_t seen = 0;
  for (int32_t k = 0; k <= most; k++) {
    const size_t both = t[k].guessed + t[k].true_ones;
    if (both == 0) continue;
    sum += 2.0 * (double)t[k].right / (double)both;
    seen++;
  }
  mem_free(t);
  return sum / (double)seen;
}

double score_ece(const struct scored *a, size_t count) {
  struct {
    size_t n, right;
    double sum;
  } bin[SCORE_BINS] = {0};
  for (size_t i = 0; i < count; i++) {
    const double c = score_sure(&a[i]);
    size_t k = (size_t)(c * SCORE_BINS);
    if (k >= SCORE_BINS) k = SCORE_BINS - 1;
    bin[k].n++;
    bin[k].right += score_right(&a[i]);
    bin[k].sum += c;
  }
  double gap = 0;
  for (size_t k = 0; k < SCORE_BINS; k++) gap += fabs(bin[k].sum - (double)bin[k].right);
  return gap / (double)count;
}

double score_brier(const struct scored *a, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    const double off = score_sure(&a[i]) - (score_right(&a[i]) ? 1 : 0);
    sum += off * off;
  }
  return count == 0 ? 0 : sum / (double)count;
}
