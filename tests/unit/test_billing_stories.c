/* Runs the stories of tests/story: facts in, settled one by one as a daemon would; out of it, under
 * each book, the sum that stands, the places of the tickets and, where a story says so, the
 * ledger's lines. tests/story/README.md explains the form. Then the recount must agree. */
#include "test_billing_help.h"

#include <dirent.h>

#define TICKETS 4
#define FACTS   64
#define EXPECTS 16

struct told {
  int ticket;
  int64_t at_ms;
  const char *kind, *actor, *value, *data;
  bool crash; /* instead of a fact: the process ends before its commit */
};
struct expect {
  const char *book, *sum, *places, *lines;
  int line;
};
struct story {
  const char *file;
  struct arena *a;
  const char *refs[TICKETS], *channels[TICKETS], *customers[TICKETS];
  bool sandbox[TICKETS];
  int tickets;
  struct told facts[FACTS];
  int fact_count;
  struct expect expects[EXPECTS];
  int expect_count;
  int64_t now_ms;
  bool twice;
};

/* --- reading -----------------------------------------------------------------------------------
 */

static struct trg_str word(struct trg_str *rest) {
  *rest = str_trim(*rest);
  struct trg_str w = {0};
  (void)str_next(rest, ' ', &w);
  return w;
}

static int64_t moment(const struct story *s, int line, struct trg_str w) {
  int64_t ms = 0;
  if (str_starts(w, "+") && duration_parse((struct trg_str){w.p + 1, w.n - 1}, &ms) == 0)
    return T0 + ms;
  if (time_parse(w, &ms) != 0) fail_msg("%s:%d: '%.*s' is no moment", s->file, line, (int)w.n, w.p);
  return ms;
}

static void read_ticket(struct story *s, struct trg_str rest) {
  const int i = s->tickets++;
  assert_in_range(i, 0, TICKETS - 1);
  s->refs[i] = arena_dup(s->a, word(&rest));
  s->channels[i] = arena_dup(s->a, word(&rest));
  s->customers[i] = arena_dup(s->a, word(&rest));
  s->sandbox[i] = str_is(word(&rest), "sandbox");
}

static int ticket_index(const struct story *s, int line, struct trg_str w) {
  for (int i = 0; i < s->tickets; i++)
    if (str_is(w, s->refs[i])) return i;
  fail_msg("%s:%d: no ticket '%.*s'", s->file, line, (int)w.n, w.p);
  return -1;
}

static void read_fact(struct story *s, int line, struct trg_str rest) {
  struct told *f = &s->facts[s->fact_count++];
  assert_in_range(s->fact_count, 1, FACTS);
  f->at_ms = moment(s, line, word(&rest));
  f->ticket = ticket_index(s, line, word(&rest));
  f->kind = arena_dup(s->a, word(&rest));
  f->actor = arena_dup(s->a, word(&rest));
  f->value = arena_dup(s->a, word(&rest));
  const struct trg_str how = word(&rest);
  f->data = str_is(how, "approved") ? "{\"approved_by\":\"person\",\"edited\":false}"
            : str_is(how, "edited") ? "{\"approved_by\":\"person\",\"edited\":true}"
                                    : "";
  if (strcmp(f->value, "-") == 0) f->value = "";
}

static void read_expect(struct story *s, int line, struct trg_str rest) {
  struct expect *e = &s->expects[s->expect_count++];
  struct trg_str left = {0};
  assert_in_range(s->expect_count, 1, EXPECTS);
  (void)str_next(&rest, '|', &left);
  e->line = line;
  e->book = arena_dup(s->a, word(&left));
  e->sum = arena_dup(s->a, word(&left));
  e->places = arena_dup(s->a, str_trim(left));
  e->lines = rest.n > 0 ? arena_dup(s->a, str_trim(rest)) : NULL;
}

static void read_line(struct story *s, int line, struct trg_str text) {
  struct trg_str rest = str_trim(text);
  if (rest.n == 0 || rest.p[0] == '#') return;
  const struct trg_str verb = word(&rest);
  if (str_is(verb, "ticket")) {
    read_ticket(s, rest);
  } else if (str_is(verb, "at")) {
    read_fact(s, line, rest);
  } else if (str_is(verb, "crash")) {
    s->facts[s->fact_count++].crash = true;
  } else if (str_is(verb, "twice")) {
    s->twice = true;
  } else if (str_is(verb, "now")) {
    s->now_ms = moment(s, line, word(&rest));
  } else if (str_is(verb, "expect")) {
    read_expect(s, line, rest);
  } else {
    fail_msg("%s:%d: '%.*s' is no word of a story", s->file, line, (int)verb.n, verb.p);
  }
}

static void story_read(const char *path, struct story *s) {
  struct buf text;
  struct trg_err err = {0};
  buf_init(&text, 0);
  if (file_read(path, 1 << 16, &text, &err) != 0) fail_msg("%s", err.text);
  struct trg_str rest = buf_view(&text), line;
  for (int n = 1; str_next(&rest, '\n', &line); n++) read_line(s, n, line);
  buf_free(&text);
}

/* --- running -----------------------------------------------------------------------------------
 */

static int32_t channel_of(const char *w) {
  static const char *const words[] = {"other", "email", "web", "chat", "messaging", "voice"};
  for (int32_t i = 0; i < 6; i++)
    if (strcmp(words[i], w) == 0) return i;
  fail_msg("no channel %s", w);
  return 0;
}

static void tickets_put(struct desk *d, const struct story *s) {
  for (int i = 0; i < s->tickets; i++)
    (void)ticket_made(d, s->refs[i], channel_of(s->channels[i]), s->customers[i], s->sandbox[i],
                      T0);
}

/* What falls due until `until`, in the order of time, as the daemon's loop would meet it. */
static void time_passes(struct desk *d, const struct book *b, const struct story *s,
                        int64_t until_ms) {
  for (int round = 0; round < 1000; round++) {
    int64_t first = 0, id = 0;
    for (int i = 1; i <= s->tickets; i++) {
      const struct ticket t = ticket_now(d, i);
      if (t.settle_ms == 0 || t.settle_ms > until_ms || (first != 0 && t.settle_ms >= first))
        continue;
      first = t.settle_ms;
      id = i;
    }
    if (id == 0) return;
    struct settled ret = {0};
    must(d, settle_ticket(d->s, b, id, first, &ret, &d->err));
  }
  fail_msg("%s: settling does not come to an end", s->file);
}

static void fact_tell(struct desk *d, const struct book *b, const struct story *s,
                      const struct told *f) {
  time_passes(d, b, s, f->at_ms);
  for (int i = 0; i < (s->twice ? 2 : 1); i++) {
    struct settled ret = {0};
    told(d, f->ticket + 1, f->kind, f->actor, f->value, f->data, f->at_ms);
    must(d, settle_ticket(d->s, b, f->ticket + 1, f->at_ms, &ret, &d->err));
  }
}

static void crash(struct desk *d) {
  store_close(&d->s); /* what was not committed is gone */
  must(d, store_open(d->dir, &d->s, &d->err));
}

static void story_play(struct desk *d, const struct book *b, const struct story *s) {
  tickets_put(d, s);
  must(d, turn_flush(d->s, &d->err));
  for (int i = 0; i < s->fact_count; i++) {
    if (!s->facts[i].crash) {
      fact_tell(d, b, s, &s->facts[i]);
      continue;
    }
    crash(d);
    for (int k = 0; k < i; k++) /* the helpdesk tells everything again */
      if (!s->facts[k].crash) fact_tell(d, b, s, &s->facts[k]);
  }
  time_passes(d, b, s, s->now_ms);
  must(d, turn_flush(d->s, &d->err));
}

/* --- comparing ---------------------------------------------------------------------------------
 */

static const char *ledger_text(struct desk *d, const struct story *s, int64_t *ret_sum) {
  struct buf out;
  buf_init(&out, 0);
  *ret_sum = 0;
  for (int i = 1; i <= s->tickets; i++) {
    struct ledger_line *l = NULL;
    const size_t n = lines_of(d, i, &l);
    for (size_t k = 0; k < n; k++) {
      char money[MONEY_TEXT_MAX];
      money_format(l[k].amount_micros, money);
      money[strlen(money) - 4] = '\0';
      buf_printf(&out, "%s%s %s %s %s", out.n == 0 ? "" : ", ", l[k].kind, l[k].outcome, money,
                 l[k].period);
      *ret_sum += l[k].amount_micros;
    }
  }
  const char *text = arena_dup(d->a, buf_view(&out));
  buf_free(&out);
  return text;
}

static const char *places_text(struct desk *d, const struct story *s) {
  const char *text = "";
  for (int i = 1; i <= s->tickets; i++) {
    const struct ticket t = ticket_now(d, i);
    text = arena_printf(d->a, "%s%s%s/%s", text, i == 1 ? "" : " ", t.bill_state, t.bill_reason);
  }
  return text;
}

static void difference(void *arg, const char *ref, const char *key, int64_t is, int64_t ought,
                       const char *why) {
  (void)fprintf(stderr, "%s: recount: %s %s is %lld, ought %lld: %s\n", (const char *)arg, ref, key,
                (long long)is, (long long)ought, why);
}

static void recount_agrees(struct desk *d, const struct book *b, const struct story *s,
                           int64_t sum) {
  struct recount r;
  must(d, recount(d->s, b, 0, 0, s->now_ms, difference, (char *)(uintptr_t)s->file, &r, &d->err));
  assert_int_equal(r.differences, 0);
  assert_int_equal(r.ledger_micros, sum);
  assert_int_equal(r.recomputed_micros, sum);
  assert_int_equal(r.charges, r.recomputed_charges);
  int64_t count = 0, bad = 0;
  must(d, ledger_verify(d->s, &count, &bad, &d->err));
}

static int story_check(struct desk *d, const struct book *b, const struct story *s,
                       const struct expect *e) {
  int64_t sum = 0, wanted = 0;
  int wrong = 0;
  const char *lines = ledger_text(d, s, &sum), *places = places_text(d, s);
  if (money_parse(str_of(e->sum), &wanted) != 0) fail_msg("%s:%d: no sum", s->file, e->line);
  wrong += sum != wanted || strcmp(places, e->places) != 0;
  wrong += e->lines != NULL && strcmp(lines, e->lines) != 0;
  if (wrong > 0)
    (void)fprintf(stderr, "%s:%d: %s: is %lld.%06lld %s | %s\n", s->file, e->line, e->book,
                  (long long)(sum / 1000000), (long long)(sum % 1000000), places, lines);
  recount_agrees(d, b, s, sum);
  return wrong > 0;
}

/* Each shipped book has its line in each story. */
static void every_book_expected(const struct story *s, const char *path) {
  static const char *const shipped[] = {
      "per-resolution",  "fin",        "zendesk", "agentforce-conversations",
      "agentforce-flex", "help-agent", "gorgias", "redo"};
  for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
    bool found = false;
    for (int k = 0; k < s->expect_count; k++)
      found = found || strcmp(s->expects[k].book, shipped[i]) == 0;
    if (!found) fail_msg("%s does not say what %s makes of it", path, shipped[i]);
  }
}

static int story_run(const char *path) {
  struct story *s = mem_alloc(sizeof *s);
  int wrong = 0;
  s->file = path;
  s->a = arena_new();
  story_read(path, s);
  every_book_expected(s, path);
  for (int i = 0; i < s->expect_count; i++) {
    struct desk d = {0};
    struct book *b = book_named(s->expects[i].book);
    desk_open(&d);
    story_play(&d, b, s);
    wrong += story_check(&d, b, s, &s->expects[i]);
    desk_close(&d);
    book_free(&b);
  }
  arena_free(&s->a);
  mem_free(s);
  return wrong;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_story(const struct dirent *e) {
  return str_ends(str_of(e->d_name), ".story");
}

static void test_every_story_gives_the_bills_that_it_tells(void **state) {
  (void)state;
  struct dirent **list = NULL;
  char *dir = root_path("tests/story");
  const int n = scandir(dir, &list, is_story, by_name);
  int wrong = 0;
  assert_true(n >= 17);
  for (int i = 0; i < n; i++) {
    char *path = file_join(dir, list[i]->d_name);
    wrong += story_run(path);
    mem_free(path);
    free(list[i]);
  }
  free(list);
  mem_free(dir);
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_story_gives_the_bills_that_it_tells)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
