/*
 * How much personal data the masking finds, how often it is wrong, and how fast it is.
 * TRIAGED_SHARED (default ../shared) holds data/pii/{presidio_v2,tickets}.jsonl. A span counts as
 * found only if all its bytes are masked; a false alarm is a masked span of a type with no gold
 * span of that type under it. Ends with 1 when a bar is missed. `-v` prints what went wrong.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/time.h"

#define CLASSES 7

static const struct {
  const char *type;
  double recall, precision;
} bars[CLASSES] = {{"CREDIT_CARD", 0.995, 0.98},   {"IBAN_CODE", 0.995, 0.98},
                   {"EMAIL_ADDRESS", 0.995, 0.98}, {"SECRET", 0.995, 0.98},
                   {"US_SSN", 0.98, 0.98},         {"IP_ADDRESS", 0.98, 0.98},
                   {"PHONE_NUMBER", 0.90, 0.80}};

struct score {
  unsigned gold, found, masked, right;
};

static bool verbose;

static int class_of(struct trg_str type) {
  for (int k = 0; k < CLASSES; k++)
    if (str_is(type, bars[k].type)) return k;
  return -1;
}

static void show(const char *what, const char *type, struct trg_str text, size_t start,
                 size_t end) {
  if (!verbose) return;
  const size_t from = start > 40 ? start - 40 : 0;
  const size_t to = end + 12 < text.n ? end + 12 : text.n;
  printf("    %s %s: %.*s<<%.*s>>%.*s\n", what, type, (int)(start - from), text.p + from,
         (int)(end - start), text.p + start, (int)(to - end), text.p + end);
}

static void add_gold(struct score *scores, const json *row, struct trg_str text,
                     const struct pii_span *spans, size_t count) {
  char *masked = mem_alloc(text.n + 1);
  for (size_t k = 0; k < count; k++)
    memset(masked + spans[k].start, 1, spans[k].end - spans[k].start);
  for (const json *s = json_first(json_get(row, "spans")); s != NULL; s = json_next(s)) {
    const int c = class_of(json_get_str(s, "type"));
    const size_t start = (size_t)json_get_int(s, "bstart", 0);
    const size_t end = (size_t)json_get_int(s, "bend", 0);
    if (c < 0 || end > text.n) continue;
    scores[c].gold++;
    if (memchr(masked + start, 0, end - start) == NULL)
      scores[c].found++;
    else
      show("missed", bars[c].type, text, start, end);
  }
  mem_free(masked);
}

static void add_masked(struct score *scores, const json *row, struct trg_str text,
                       const struct pii_span *span) {
  const int c = class_of(str_of(span->type));
  if (c < 0) return;
  scores[c].masked++;
  for (const json *s = json_first(json_get(row, "spans")); s != NULL; s = json_next(s)) {
    const size_t start = (size_t)json_get_int(s, "bstart", 0);
    const size_t end = (size_t)json_get_int(s, "bend", 0);
    if (!str_is(json_get_str(s, "type"), span->type) || start >= span->end || end <= span->start)
      continue;
    scores[c].right++;
    return;
  }
  show("false", span->type, text, span->start, span->end);
}

static void add_row(struct score *scores, const json *row) {
  const struct trg_str text = json_get_str(row, "text");
  struct buf out;
  struct pii_span *spans = NULL;
  size_t count = 0;
  struct pii_map *map = pii_map_new();
  buf_init(&out, 0);
  if (pii_mask(map, text, &out, &spans, &count, NULL) != 0) abort();
  add_gold(scores, row, text, spans, count);
  for (size_t k = 0; k < count; k++) add_masked(scores, row, text, &spans[k]);
  mem_free(spans);
  buf_free(&out);
  pii_map_free(&map);
}

static double ratio(unsigned a, unsigned b) {
  return b == 0 ? 1.0 : (double)a / (double)b;
}

/* false when a bar is missed. */
static bool print_scores(const char *title, const struct score *scores) {
  bool good = true;
  printf("%s\n  %-14s %6s %10s %7s %10s %7s\n", title, "type", "n", "recall", "bar", "precision",
         "bar");
  for (int k = 0; k < CLASSES; k++) {
    const struct score *s = &scores[k];
    const double recall = ratio(s->found, s->gold);
    const double precision = ratio(s->right, s->masked);
    const bool ok = recall >= bars[k].recall && precision >= bars[k].precision;
    printf("  %-14s %6u %10.4f %7.3f %10.4f %7.3f  %s\n", bars[k].type, s->gold, recall,
           bars[k].recall, precision, bars[k].precision, ok ? "ok" : "MISSED");
    good = good && ok;
  }
  return good;
}

struct part {
  const char *title;
  size_t step, from; /* every step-th row, beginning with this one */
};

static bool run_file(const char *dir, const char *name, const struct part *parts, size_t count,
                     struct buf *corpus) {
  struct trg_err err;
  struct buf b = {0};
  char *path = file_join(dir, name);
  if (file_read(path, (size_t)64 << 20, &b, &err) != 0) {
    (void)fprintf(stderr, "%s\nSet TRIAGED_SHARED to the folder that holds data/pii.\n", err.text);
    exit(2);
  }
  bool good = true;
  for (size_t k = 0; k < count; k++) {
    struct score scores[CLASSES] = {0};
    struct trg_str rest = buf_view(&b);
    struct trg_str line;
    for (size_t n = 0; str_next(&rest, '\n', &line); n++) {
      if (n % parts[k].step != parts[k].from) continue;
      json *row = json_parse(line, 0, &err);
      if (row == NULL) continue;
      add_row(scores, row);
      if (parts[k].step == 1) {
        buf_str(corpus, json_get_str(row, "text"));
        buf_char(corpus, '\n');
      }
      json_free(&row);
    }
    good &= print_scores(parts[k].title, scores);
  }
  mem_free(path);
  buf_free(&b);
  return good;
}

/* Time of the processor that this thread used: what others do meanwhile counts less. */
static double used_us(void) {
  struct timespec t;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) abort();
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The best run over so many bytes, as other work on the machine only slows it down. */
static double speed(unsigned profiles, struct trg_str text, size_t bytes, int times) {
  struct buf all;
  double best = 0;
  buf_init(&all, 0);
  while (all.n < bytes) buf_str(&all, text);
  for (int k = 0; k < times; k++) {
    struct buf out;
    struct pii_map *map = pii_map_new();
    pii_map_profiles(map, profiles);
    buf_init(&out, 0);
    const double from = used_us();
    if (pii_mask(map, buf_view(&all), &out, NULL, NULL, NULL) != 0) abort();
    const double rate = (double)all.n / (used_us() - from);
    best = rate > best ? rate : best;
    buf_free(&out);
    pii_map_free(&map);
  }
  buf_free(&all);
  return best;
}

/* The slowest of texts that are made to be slow. */
static double slowest(unsigned profiles, const char **ret_text) {
  static const char *const hostile[] = {"1",
                                        "1 ",
                                        "4111 ",
                                        "12 34 56 78 ",
                                        "a@",
                                        "a@b.",
                                        "@",
                                        ":",
                                        "::",
                                        "a:",
                                        "eyJ-",
                                        "sk-",
                                        "key-",
                                        "-----BEGIN PRIVATE KEY!",
                                        "password is ",
                                        "pw:",
                                        "token=1(",
                                        "[EMAIL_1]",
                                        "[",
                                        "%41",
                                        "\\u0031",
                                        "1.1.1.",
                                        "+1 ",
                                        "(1",
                                        "\xF0\x9D\x9F\x8E",
                                        "1234567 ",
                                        "aa:",
                                        "1-",
                                        "DE12 ",
                                        "\xE0\xA5\xA7 ",
                                        "A",
                                        "A-",
                                        "A'A",
                                        "\u00c9",
                                        "a.",
                                        "Ab Cd, ",
                                        "my address is A1 ",
                                        "member ",
                                        "1 jan ",
                                        "sin "};
  double worst = 1e9;
  for (size_t k = 0; k < sizeof hostile / sizeof hostile[0]; k++) {
    struct buf b = {0};
    for (int n = 0; n < 1000; n++) buf_text(&b, hostile[k]);
    const double r = speed(profiles, buf_view(&b), (size_t)1 << 18, 1);
    if (verbose) printf("    %8.1f MB/s  %s\n", r, hostile[k]);
    if (r < worst) {
      worst = r;
      *ret_text = hostile[k];
    }
    buf_free(&b);
  }
  return worst;
}

#define SPEED_BAR 50.0

static bool run_speed(const char *profile, struct trg_str corpus) {
  const unsigned profiles = profile == NULL ? 0 : (unsigned)pii_profile_of(profile);
  const char *text = "";
  const double rate = speed(profiles, corpus, (size_t)8 << 20, 5);
  const double worst = slowest(profiles, &text);
  printf("speed%s%s, a core: %.0f MB/s on the texts (bar %.0f) %s; slowest hostile text "
         "%.1f MB/s (\"%s\" repeated)\n",
         profile == NULL ? "" : " under ", profile == NULL ? "" : profile, rate, SPEED_BAR,
         rate >= SPEED_BAR ? "ok" : "MISSED", worst, text);
  return rate >= SPEED_BAR;
}

/* Under a profile: how much of each class of the gold is masked whole, by whatever rule. Names and
 * places without a telling word are not found; these figures are no bars. */
static void run_profile(const char *dir, const char *profile) {
  struct trg_err err;
  struct buf b = {0};
  struct {
    char type[32];
    unsigned gold, found;
  } seen[40] = {{{0}, 0, 0}};
  size_t kinds = 0;
  char *path = file_join(dir, "presidio_v2.jsonl");
  if (file_read(path, (size_t)64 << 20, &b, &err) != 0) abort();
  struct trg_str rest = buf_view(&b), line;
  while (str_next(&rest, '\n', &line)) {
    json *row = json_parse(line, 0, &err);
    if (row == NULL) continue;
    const struct trg_str text = json_get_str(row, "text");
    struct buf out;
    struct pii_span *spans = NULL;
    size_t count = 0;
    struct pii_map *map = pii_map_new();
    pii_map_profiles(map, (unsigned)pii_profile_of(profile));
    buf_init(&out, 0);
    if (pii_mask(map, text, &out, &spans, &count, NULL) != 0) abort();
    char *masked = mem_alloc(text.n + 1);
    for (size_t k = 0; k < count; k++)
      memset(masked + spans[k].start, 1, spans[k].end - spans[k].start);
    for (const json *s = json_first(json_get(row, "spans")); s != NULL; s = json_next(s)) {
      const struct trg_str type = json_get_str(s, "type");
      const size_t start = (size_t)json_get_int(s, "bstart", 0);
      const size_t end = (size_t)json_get_int(s, "bend", 0);
      size_t at = 0;
      while (at < kinds && !str_is(type, seen[at].type)) at++;
      if (at == 40 || end > text.n) continue;
      if (at == kinds) snprintf(seen[kinds++].type, 32, "%.*s", (int)type.n, type.p);
      seen[at].gold++;
      seen[at].found += memchr(masked + start, 0, end - start) == NULL;
    }
    mem_free(masked);
    mem_free(spans);
    buf_free(&out);
    pii_map_free(&map);
    json_free(&row);
  }
  printf("presidio_v2 under %s, masked whole:", profile);
  for (size_t i = 0; i < kinds; i++)
    printf(" %s %.2f (%u)%s", seen[i].type, ratio(seen[i].found, seen[i].gold), seen[i].gold,
           i + 1 < kinds ? "," : "\n");
  mem_free(path);
  buf_free(&b);
}

/* What most tickets are: little personal data. Not a bar of its own where the set is not there. */
static bool run_ordinary(const char *shared) {
  static const char *const profiles[] = {NULL, "gdpr", "hipaa"};
  struct buf text = {0};
  bool good = true;
  char *path = file_join(shared, "data/it-tickets/test.tsv");
  if (file_read(path, (size_t)64 << 20, &text, NULL) == 0)
    for (size_t k = 0; k < sizeof profiles / sizeof *profiles; k++) {
      const unsigned bits = profiles[k] == NULL ? 0 : (unsigned)pii_profile_of(profiles[k]);
      const double rate = speed(bits, buf_view(&text), (size_t)8 << 20, 5);
      printf("speed of it-tickets%s%s: %.0f MB/s (bar %.0f) %s\n",
             profiles[k] == NULL ? "" : " under ", profiles[k] == NULL ? "" : profiles[k], rate,
             SPEED_BAR, rate >= SPEED_BAR ? "ok" : "MISSED");
      good &= rate >= SPEED_BAR;
    }
  mem_free(path);
  buf_free(&text);
  return good;
}

int main(int argc, char **argv) {
  static const struct part whole[] = {{"presidio_v2 (tuned on)", 1, 0}};
  static const struct part halves[] = {{"tickets, even rows (tuned on)", 2, 0},
                                       {"tickets, odd rows (held out)", 2, 1},
                                       {"tickets, all", 1, 0}};
  static const char *const profiles[] = {"gdpr", "hipaa"};
  const char *shared = getenv("TRIAGED_SHARED");
  verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
  char *dir = file_join(shared == NULL ? "../shared" : shared, "data/pii");
  struct buf corpus = {0};
  bool good = run_file(dir, "presidio_v2.jsonl", whole, 1, &corpus);
  good &= run_file(dir, "tickets.jsonl", halves, 3, &corpus);
  good &= run_speed(NULL, buf_view(&corpus));
  for (size_t k = 0; k < sizeof profiles / sizeof *profiles; k++) {
    run_profile(dir, profiles[k]);
    good &= run_speed(profiles[k], buf_view(&corpus));
  }
  good &= run_ordinary(shared == NULL ? "../shared" : shared);
  printf("%s\n", good ? "all bars held" : "a bar was missed");
  buf_free(&corpus);
  mem_free(dir);
  return good ? 0 : 1;
}
