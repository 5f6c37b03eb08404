/* The demo corpus is what its README says: rows, long threads, long texts, nothing in both parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/word.h"

#define ROWS_MAX  2000
#define LONG_BODY 2000 /* characters */
#define WORDS_MIN 6    /* of a sentence that may stand in one part only */

struct part {
  json *rows[ROWS_MAX];
  size_t n;
};

static void part_read(const char *name, struct part *p) {
  const char *root = getenv("TRIAGED_ROOT");
  char path[1024];
  struct trg_err err = {0};
  struct buf b;
  buf_init(&b, 0);
  snprintf(path, sizeof path, "%s/tests/data/demo/%s", root != NULL ? root : ".", name);
  if (file_read(path, (size_t)4 << 20, &b, &err) < 0) fail_msg("%s", err.text);
  p->n = 0;
  for (size_t at = 0; at < b.n;) {
    const char *end = memchr(b.p + at, '\n', b.n - at);
    size_t n = end != NULL ? (size_t)(end - (b.p + at)) : b.n - at;
    assert_true(p->n < ROWS_MAX);
    p->rows[p->n] = json_parse((struct trg_str){b.p + at, n}, JSON_UNIQUE_KEYS, &err);
    if (p->rows[p->n] == NULL) fail_msg("%s, line %zu: %s", name, p->n + 1, err.text);
    p->n++;
    at += n + 1;
  }
  buf_free(&b);
}

static void part_free(struct part *p) {
  for (size_t i = 0; i < p->n; i++) json_free(&p->rows[i]);
}

static size_t characters(struct trg_str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xc0) != 0x80 ? 1 : 0;
  return n;
}

/* How many different languages the chosen rows have. */
static size_t languages(const struct part *p, bool (*chosen)(const json *)) {
  struct trg_str seen[16];
  size_t n = 0;
  for (size_t i = 0; i < p->n; i++) {
    const struct trg_str one = json_get_str(p->rows[i], "language");
    size_t at = 0;
    while (at < n && !(seen[at].n == one.n && memcmp(seen[at].p, one.p, one.n) == 0)) at++;
    if (at < n || !chosen(p->rows[i])) continue;
    assert_true(n < 16);
    seen[n++] = one;
  }
  return n;
}

static size_t count(const struct part *p, bool (*chosen)(const json *)) {
  size_t n = 0;
  for (size_t i = 0; i < p->n; i++) n += chosen(p->rows[i]) ? 1 : 0;
  return n;
}

static bool thread_any(const json *row) {
  return json_count(json_get(row, "thread")) > 0;
}
static bool thread_of_4(const json *row) {
  return json_count(json_get(row, "thread")) >= 4;
}
static bool thread_of_8(const json *row) {
  return json_count(json_get(row, "thread")) >= 8;
}
static bool body_long(const json *row) {
  return characters(json_get_str(row, "body")) >= LONG_BODY;
}

static void test_the_corpus_has_the_rows_that_its_readme_names(void **state) {
  struct part test, train;
  (void)state;
  part_read("tickets.jsonl", &test);
  part_read("train.jsonl", &train);
  assert_int_equal(test.n, 576);
  assert_int_equal(train.n, 745);
  assert_int_equal(count(&test, thread_any), 57);
  assert_int_equal(count(&test, thread_of_4), 15);
  part_free(&test);
  part_free(&train);
}

static void test_twelve_tickets_are_long_threads_and_six_have_long_bodies(void **state) {
  struct part p;
  size_t longest = 0, internal = 0;
  (void)state;
  part_read("tickets.jsonl", &p);
  assert_int_equal(count(&p, thread_of_8), 12);
  assert_int_equal(languages(&p, thread_of_8), 8);
  assert_int_equal(count(&p, body_long), 6);
  assert_int_equal(languages(&p, body_long), 5);
  for (size_t i = 0; i < p.n; i++) {
    const json *thread = json_get(p.rows[i], "thread");
    longest = json_count(thread) > longest ? json_count(thread) : longest;
    for (const json *m = json_first(thread); m != NULL; m = json_next(m))
      internal += json_get_bool(m, "public", true) ? 0 : 1;
  }
  assert_int_equal(longest, 20);
  assert_int_equal(internal, 26);
  part_free(&p);
}

/* What the labels stand for is asked last, so nobody has answered it yet. */
static void test_a_long_thread_ends_with_the_customer_and_its_times_rise(void **state) {
  struct part p;
  (void)state;
  part_read("tickets.jsonl", &p);
  for (size_t i = 0; i < p.n; i++) {
    struct trg_str before = json_get_str(p.rows[i], "created_at"), author = {0};
    if (!thread_of_8(p.rows[i])) continue;
    for (const json *m = json_first(json_get(p.rows[i], "thread")); m != NULL; m = json_next(m)) {
      const struct trg_str at = json_get_str(m, "created_at");
      assert_int_equal(at.n, before.n);
      assert_true(memcmp(at.p, before.p, at.n) > 0);
      before = at;
      author = json_get_str(m, "author");
    }
    assert_true(author.n == 8 && memcmp(author.p, "customer", 8) == 0);
  }
  part_free(&p);
}

/* --- nothing of the tickets is in the training part --------------------------------------------
 */
struct sentences {
  char **one;
  size_t n, room;
};

/* A sentence as folded words, digits as 0; kept from WORDS_MIN words on. */
static void sentence_add(struct sentences *s, struct trg_str text) {
  char word[WORD_MAX];
  size_t at = 0, n = 0, words = 0;
  struct buf b;
  buf_init(&b, 0);
  while (word_next(text, &at, word, &n)) {
    for (size_t i = 0; i < n; i++)
      if (word[i] >= '1' && word[i] <= '9') word[i] = '0';
    buf_add(&b, word, n);
    buf_add(&b, " ", 1);
    words++;
  }
  if (words < WORDS_MIN) {
    buf_free(&b);
    return;
  }
  if (s->n == s->room) {
    s->room = s->room > 0 ? s->room * 2 : 1024;
    s->one = mem_grow(s->one, s->room * sizeof *s->one);
  }
  s->one[s->n++] = buf_take(&b, NULL);
}

static void text_add(struct sentences *s, struct trg_str text) {
  size_t from = 0;
  for (size_t i = 0; i <= text.n; i++) {
    if (i < text.n && strchr(".!?\n", text.p[i]) == NULL) continue;
    sentence_add(s, (struct trg_str){text.p + from, i - from});
    from = i + 1;
  }
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void part_sentences(const struct part *p, struct sentences *s) {
  for (size_t i = 0; i < p->n; i++) {
    text_add(s, json_get_str(p->rows[i], "body"));
    text_add(s, json_get_str(p->rows[i], "reply"));
    const json *thread = json_get(p->rows[i], "thread");
    for (const json *m = json_first(thread); m != NULL; m = json_next(m))
      text_add(s, json_get_str(m, "body"));
  }
}

static void sentences_free(struct sentences *s) {
  for (size_t i = 0; i < s->n; i++) mem_free(s->one[i]);
  mem_free(s->one);
}

static void test_no_sentence_of_a_ticket_is_in_the_training_part(void **state) {
  struct part test, train;
  struct sentences ours = {0}, learnt = {0};
  (void)state;
  part_read("tickets.jsonl", &test);
  part_read("train.jsonl", &train);
  part_sentences(&test, &ours);
  part_sentences(&train, &learnt);
  assert_true(ours.n > 500 && learnt.n > 500); /* the comparison is one of something */
  qsort(learnt.one, learnt.n, sizeof *learnt.one, by_text);
  for (size_t i = 0; i < ours.n; i++)
    if (bsearch(&ours.one[i], learnt.one, learnt.n, sizeof *learnt.one, by_text) != NULL)
      fail_msg("in tickets.jsonl and in train.jsonl: %s", ours.one[i]);
  sentences_free(&ours);
  sentences_free(&learnt);
  part_free(&test);
  part_free(&train);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_corpus_has_the_rows_that_its_readme_names),
      cmocka_unit_test(test_twelve_tickets_are_long_threads_and_six_have_long_bodies),
      cmocka_unit_test(test_a_long_thread_ends_with_the_customer_and_its_times_rise),
      cmocka_unit_test(test_no_sentence_of_a_ticket_is_in_the_training_part),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
