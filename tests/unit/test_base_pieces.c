/* Lists of small pieces, by themselves and under SQLite and cJSON. */
#include "test_store_help.h"

#include <pthread.h>

#include <cjson/cJSON.h>

#include "base/pieces.h"

#define MANY 300

static void fill_and_check(int round) {
  unsigned char *p[MANY];
  for (int i = 0; i < MANY; i++) {
    const int n = 1 + (i * 37 + round * 101) % 9000;
    p[i] = sqlite3_malloc(n);
    assert_non_null(p[i]);
    assert_true(sqlite3_msize(p[i]) >= (sqlite3_uint64)n);
    assert_int_equal((uintptr_t)p[i] % 8, 0);
    memset(p[i], i & 255, sqlite3_msize(p[i]));
  }
  for (int i = 0; i < MANY; i++) {
    const sqlite3_uint64 had = sqlite3_msize(p[i]);
    const int n = 1 + (i * 53 + round * 7) % 9000;
    p[i] = sqlite3_realloc(p[i], n);
    assert_non_null(p[i]);
    const sqlite3_uint64 kept = had < (sqlite3_uint64)n ? had : (sqlite3_uint64)n;
    for (sqlite3_uint64 k = 0; k < kept; k++) assert_int_equal(p[i][k], i & 255);
  }
  for (int i = MANY; i-- > 0;) sqlite3_free(p[i]);
}

static void test_pieces_never_overlap_and_keep_what_is_in_them(void **state) {
  (void)state;
  for (int round = 0; round < 20; round++) fill_and_check(round);
}

static void *elsewhere(void *arg) {
  (void)arg;
  fill_and_check(3);
  void **list = malloc(MANY * sizeof *list);
  for (int i = 0; i < MANY; i++) list[i] = sqlite3_malloc(10 + i);
  return list;
}

/* As the connection of a reader, which one thread of the pool opens and another one uses. */
static void test_a_piece_may_be_freed_by_another_thread(void **state) {
  (void)state;
  pthread_t t[4];
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&t[i], NULL, elsewhere, NULL), 0);
  for (int i = 0; i < 4; i++) {
    void *list = NULL;
    assert_int_equal(pthread_join(t[i], &list), 0);
    for (int k = 0; k < MANY; k++) sqlite3_free(((void **)list)[k]);
    free(list);
  }
  fill_and_check(5);
}

/* A plugin may free a text of cJSON by free, and hand it one that malloc gave. */
static void test_pieces_and_malloc_may_be_mixed(void **state) {
  (void)state;
  for (int round = 0; round < 50; round++) {
    cJSON *j = cJSON_Parse("{\"a\": [1, 2, {\"b\": \"text\"}], \"c\": null}");
    assert_non_null(j);
    char *text = cJSON_PrintUnformatted(j);
    assert_string_equal(text, "{\"a\":[1,2,{\"b\":\"text\"}],\"c\":null}");
    if (round % 2)
      free(text);
    else
      cJSON_free(text);
    cJSON_Delete(j);
    pieces_take(malloc((size_t)round * 99));
    free(pieces_give((size_t)round * 99));
  }
  pieces_take(NULL);
  assert_int_equal(pieces_size(NULL), 0);
  for (size_t n = 0; n < 6000; n++) assert_true(pieces_room(n) >= n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pieces_never_overlap_and_keep_what_is_in_them),
      cmocka_unit_test(test_a_piece_may_be_freed_by_another_thread),
      cmocka_unit_test(test_pieces_and_malloc_may_be_mixed),
  };
  struct store *s = NULL; /* opening one sets SQLite's memory */
  (void)store_open_reader("/nowhere", &s, NULL);
  pieces_serve_json();
  return cmocka_run_group_tests_name("base_pieces", tests, NULL, NULL);
}
