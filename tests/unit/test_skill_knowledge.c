/* Knowledge: files to passages, and folders to the store's index. */
#include "test_store_help.h"

#include "base/buf.h"
#include "skill/knowledge.h"
#include "store/knowledge.h"

static struct passage *list;
static size_t count;

static void split(struct box *b, const char *name, const char *text) {
  knowledge_split(b->a, name, name, str_of(text), 0, &list, &count);
}

static void test_sections_become_passages_with_ids_title_and_heading(void **state) {
  struct box *b = *state;
  split(b, "guides/returns.md",
        "---\nlanguage: en\ncategory: returns\n---\n# Returns\n\nFirst.\n\n## How long\n\n"
        "30 days.\n\n## Empty\n\n## Cost\nFree.\n");
  assert_int_equal(count, 3);
  assert_string_equal(list[0].id, "kb:guides/returns#1");
  assert_string_equal(list[0].title, "Returns");
  assert_string_equal(list[0].heading, "");
  assert_string_equal(list[0].text, "First.");
  assert_string_equal(list[1].heading, "How long");
  assert_string_equal(list[1].text, "30 days.");
  assert_string_equal(list[2].id, "kb:guides/returns#3");
  assert_string_equal(list[2].language, "en");
  assert_string_equal(list[2].category, "returns");
  assert_int_equal(strlen(list[0].hash), 64);
}

static void test_a_file_without_headings_is_titled_by_its_name(void **state) {
  struct box *b = *state;
  split(b, "opening-hours.txt", "We are open from 9 to 5.\n");
  assert_int_equal(count, 1);
  assert_string_equal(list[0].title, "opening-hours");
  split(b, "empty.md", "\n \n");
  assert_int_equal(count, 0);
}

static void test_headings_inside_code_do_not_cut(void **state) {
  struct box *b = *state;
  split(b, "a.md", "# T\n```\n# comment\n```\n~~~\n# other\n~~~\nend\n");
  assert_int_equal(count, 1);
}

static void test_a_long_section_is_cut_between_paragraphs_and_loses_nothing(void **state) {
  struct box *b = *state;
  struct buf t;
  buf_init(&t, 1 << 20);
  buf_text(&t, "# Long\n\n");
  for (int i = 0; i < 100; i++) buf_printf(&t, "Paragraph %d says \xc3\xa4 word.\n\n", i);
  for (int i = 0; i < 3000; i++) buf_text(&t, "\xc3\xa4\xe2\x82\xac");
  char *text = buf_take(&t, NULL);
  split(b, "long.md", text);
  assert_true(count > 4);
  size_t letters = 0;
  for (size_t i = 0; i < count; i++) {
    assert_true(strlen(list[i].text) <= 2400);
    assert_true(utf8_valid(str_of(list[i].text)));
    for (const char *p = list[i].text; *p != '\0'; p++) letters += *p != '\n' && *p != ' ';
  }
  size_t expect = 0;
  for (const char *p = text + 6; *p != '\0'; p++) expect += *p != '\n' && *p != ' ';
  assert_int_equal(letters, expect);
  mem_free(text);
}

static void test_an_id_has_only_characters_that_a_citation_can_have(void **state) {
  struct box *b = *state;
  split(b, "Q&A, (old) [x]!.md", "text");
  assert_string_equal(list[0].id, "kb:Q-A---old---x--#1");
  split(b,
        "R\xc3\xbc"
        "ckgabe.de.md",
        "text");
  assert_string_equal(list[0].id, "kb:R\xc3\xbc"
                                  "ckgabe.de#1");
}

static void test_a_nul_ends_no_passage(void **state) {
  struct box *b = *state;
  knowledge_split(b->a, "a.md", "a.md", TRG_STR("\0\0# T\n\0 before \0 behind \0"), 0, &list,
                  &count);
  assert_int_equal(count, 1);
  assert_non_null(strstr(list[0].text, "behind"));
  knowledge_split(b->a, "a.md", "a.md", TRG_STR("\0\0"), 0, &list, &count);
  assert_int_equal(count, 0);
}

static void test_html_gives_its_text_without_scripts_and_comments(void **state) {
  struct box *b = *state;
  split(b, "a.html",
        "<html><style>p{x:1}</style><h1>Plans</h1><!-- a > b --><p>Pay &lt; 5 &amp; more</p>"
        "<script>if (a<b) alert(1)</script><p>When 3 < 4, it holds.</p></html>");
  assert_int_equal(count, 1);
  const char *text = list[0].text;
  assert_non_null(strstr(text, "Plans"));
  assert_non_null(strstr(text, "Pay < 5 & more"));
  assert_non_null(strstr(text, "When 3 < 4, it holds."));
  assert_null(strstr(text, "alert"));
  assert_null(strstr(text, "x:1"));
  assert_null(strstr(text, "b -->"));
}

static void test_a_lone_angle_bracket_does_not_swallow_the_rest(void **state) {
  struct box *b = *state;
  split(b, "a.html", "<p>1 < 2 and more follows");
  assert_non_null(strstr(list[0].text, "and more follows"));
  split(b, "b.html", "<p>text</p><script>never closed");
  assert_string_equal(list[0].text, "text");
}

/* --- folders -----------------------------------------------------------------------------------
 */

static char *put(struct box *b, const char *folder, const char *name, const char *text) {
  char *dir = file_join(b->dir, folder);
  ok(b, file_mkdirs(dir, 0700, &b->err));
  char *path = file_join(dir, name);
  ok(b, file_write(path, str_of(text), 0600, &b->err));
  mem_free(dir);
  return path;
}

static void gone(char *path) {
  char *dir = file_dir(path);
  (void)unlink(path);
  (void)rmdir(dir);
  mem_free(dir);
  mem_free(path);
}

static size_t index_of(struct box *b, const char *one, const char *two) {
  const char *folders[2] = {one, two};
  char *paths[2] = {file_join(b->dir, one), two != NULL ? file_join(b->dir, two) : NULL};
  folders[0] = paths[0];
  folders[1] = paths[1];
  size_t changed = 0;
  ok(b, knowledge_index(b->s, folders, two != NULL ? 2 : 1, 0, NULL, NULL, &changed, &b->err));
  flush(b);
  mem_free(paths[0]);
  mem_free(paths[1]);
  return changed;
}

static int64_t passages(struct box *b) {
  int64_t n = 0;
  ok(b, passage_count(b->s, &n, &b->err));
  return n;
}

static void test_only_what_changed_is_read_again(void **state) {
  struct box *b = *state;
  char *x = put(b, "kb", "x.md", "one"), *y = put(b, "kb", "y.md", "two");
  assert_int_equal(index_of(b, "kb", NULL), 2);
  assert_int_equal(index_of(b, "kb", NULL), 0);
  mem_free(put(b, "kb", "y.md", "three"));
  assert_int_equal(index_of(b, "kb", NULL), 1);
  (void)unlink(y);
  (void)index_of(b, "kb", NULL);
  assert_int_equal(passages(b), 1);
  mem_free(y);
  gone(x);
}

static bool no_more_than_two(void *arg, size_t done, size_t total) {
  (void)arg;
  assert_int_equal(total, 3);
  return done < 2;
}

static void test_indexing_that_is_ended_keeps_what_it_had_and_goes_on_there(void **state) {
  struct box *b = *state;
  char *x = put(b, "kb", "x.md", "one"), *y = put(b, "kb", "y.md", "two"),
       *z = put(b, "kb", "z.md", "three"), *folder = file_join(b->dir, "kb");
  const char *const folders[] = {folder};
  size_t changed = 0;
  assert_int_equal(knowledge_index(b->s, folders, 1, 0, no_more_than_two, NULL, &changed, &b->err),
                   TRG_ESTATE);
  assert_string_equal(b->err.code, "interrupted");
  flush(b);
  assert_int_equal(passages(b), 2);
  assert_int_equal(index_of(b, "kb", NULL), 1);
  assert_int_equal(passages(b), 3);
  (void)unlink(x);
  (void)unlink(y);
  mem_free(x);
  mem_free(y);
  mem_free(folder);
  gone(z);
}

static void test_two_files_of_one_name_are_both_found(void **state) {
  struct box *b = *state;
  char *x = put(b, "kb", "returns.md", "The first."),
       *y = put(b, "kb", "returns.txt", "The second."),
       *z = put(b, "more", "returns.md", "The third.");
  assert_int_equal(index_of(b, "kb", "more"), 3);
  assert_int_equal(passages(b), 3);
  assert_int_equal(index_of(b, "kb", "more"), 0);
  (void)unlink(x);
  (void)unlink(y);
  (void)index_of(b, "kb", "more");
  assert_int_equal(passages(b), 1);
  assert_string_equal(raw_text(b, "SELECT id FROM passage"), "kb:returns#1");
  mem_free(x);
  mem_free(put(b, "kb", "returns.md", "Back again."));
  (void)index_of(b, "kb", "more");
  assert_int_equal(passages(b), 2);
  gone(y);
  gone(z);
  gone(put(b, "kb", "returns.md", ""));
}

static void test_a_folder_that_moved_is_indexed_under_its_new_name(void **state) {
  struct box *b = *state;
  char *x = put(b, "old", "returns.md", "Thirty days.");
  assert_int_equal(index_of(b, "old", NULL), 1);
  char *y = put(b, "new", "returns.md", "Thirty days.");
  assert_int_equal(index_of(b, "new", NULL), 1);
  assert_int_equal(passages(b), 1);
  gone(x);
  gone(y);
}

static void test_a_file_that_is_no_utf8_is_left_out_and_the_others_stay(void **state) {
  struct box *b = *state;
  char *x = put(b, "kb", "bad.md", "\xff\xfe text"), *y = put(b, "kb", "good.md", "text");
  assert_int_equal(index_of(b, "kb", NULL), 1);
  (void)unlink(x);
  mem_free(x);
  gone(y);
}

static void test_the_customers_language_comes_first(void **state) {
  struct box *b = *state;
  char *x = put(b, "kb", "en.md", "---\nlanguage: en\n---\nparcel parcel parcel tracking"),
       *y = put(b, "kb", "de.md", "---\nlanguage: de\n---\nparcel tracking Paket");
  (void)index_of(b, "kb", NULL);
  ok(b, knowledge_find(b->s, TRG_STR("parcel tracking"), TRG_STR("de"), 5, b->a, &list, &count,
                       &b->err));
  assert_int_equal(count, 2);
  assert_string_equal(list[0].id, "kb:de#1");
  (void)unlink(x);
  mem_free(x);
  gone(y);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_sections_become_passages_with_ids_title_and_heading),
      TEST(test_a_file_without_headings_is_titled_by_its_name),
      TEST(test_headings_inside_code_do_not_cut),
      TEST(test_a_long_section_is_cut_between_paragraphs_and_loses_nothing),
      TEST(test_an_id_has_only_characters_that_a_citation_can_have),
      TEST(test_a_nul_ends_no_passage),
      TEST(test_html_gives_its_text_without_scripts_and_comments),
      TEST(test_a_lone_angle_bracket_does_not_swallow_the_rest),
      TEST(test_only_what_changed_is_read_again),
      TEST(test_indexing_that_is_ended_keeps_what_it_had_and_goes_on_there),
      TEST(test_two_files_of_one_name_are_both_found),
      TEST(test_a_folder_that_moved_is_indexed_under_its_new_name),
      TEST(test_a_file_that_is_no_utf8_is_left_out_and_the_others_stay),
      TEST(test_the_customers_language_comes_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
