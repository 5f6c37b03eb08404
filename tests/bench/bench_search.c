/* Retrieval on a public set of 698 articles and 49 long queries: is the right article among the
 * first, and how fast? Reads kb-rhobank below $TRIAGED_SHARED/data (default ../shared). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "store/knowledge.h"
#include "store/store.h"
#include "store/turn.h"

#define FILE_MAX     ((size_t)64 << 20)
#define DEPTH        10
#define BAR_HIT5     0.62
#define BAR_HIT10    0.76
#define BAR_QUERY_MS 10.0
#define BAR_INDEX_MS 1000.0

static _Noreturn void die(const char *what) {
  (void)fprintf(stderr, "bench_search: %s\n", what);
  exit(1);
}

static int index_line(struct store *s, struct trg_str line) {
  struct trg_err err = {0};
  json *j = json_parse(line, 0, &err);
  if (j == NULL) die(err.text);
  char *id = mem_dup_str(json_get_str(j, "id"));
  char *title = mem_dup_str(json_get_str(j, "title"));
  char *body = mem_dup_str(json_get_str(j, "body"));
  const struct passage p = {.id = id, .title = title, .text = body};
  bool changed = false;
  if (passage_replace(s, id, "1", &p, 1, &changed, &err) != 0) die(err.text);
  mem_free(id);
  mem_free(title);
  mem_free(body);
  json_free(&j);
  return changed;
}

static bool relevant(const json *query, const char *id) {
  for (const json *r = json_first(json_get(query, "relevant")); r != NULL; r = json_next(r))
    if (str_is(json_str(r), id)) return true;
  return false;
}

struct score {
  int queries, hit1, hit5, hit10;
  double recall10, ms, ms_max;
};

static void ask(struct store *s, struct trg_str line, struct score *sum) {
  struct trg_err err = {0};
  json *j = json_parse(line, 0, &err);
  if (j == NULL) die(err.text);
  struct arena *a = arena_new();
  struct passage *list = NULL;
  size_t n = 0;
  const int64_t from = clock_mono_us();
  if (passage_search(s, json_get_str(j, "query"), TRG_STR(""), DEPTH, a, &list, &n, &err) != 0)
    die(err.text);
  const double ms = (double)(clock_mono_us() - from) / 1000.0;
  size_t first = DEPTH, found = 0;
  for (size_t i = 0; i < n; i++) {
    if (!relevant(j, list[i].id)) continue;
    if (found++ == 0) first = i;
  }
  sum->queries++;
  sum->hit1 += first < 1;
  sum->hit5 += first < 5;
  sum->hit10 += first < 10;
  sum->recall10 += (double)found / (double)json_count(json_get(j, "relevant"));
  sum->ms += ms;
  if (ms > sum->ms_max) sum->ms_max = ms;
  arena_free(&a);
  json_free(&j);
}

static char *path_of(const char *name) {
  const char *shared = getenv("TRIAGED_SHARED");
  char *folder = file_join(shared == NULL || shared[0] == '\0' ? "../shared" : shared,
                           "data/kb-rhobank");
  char *path = file_join(folder, name);
  mem_free(folder);
  return path;
}

static void load(const char *name, struct buf *b) {
  struct trg_err err = {0};
  char *path = path_of(name);
  if (!file_exists(path)) {
    (void)printf("search: skipped, %s is not there\n", path);
    mem_free(path);
    exit(0);
  }
  buf_init(b, FILE_MAX);
  if (file_read(path, FILE_MAX, b, &err) != 0) die(err.text);
  mem_free(path);
}

static int report(const struct score *x, int articles, double index_ms) {
  const double n = (double)x->queries;
  const double hit5 = x->hit5 / n, hit10 = x->hit10 / n, ms = x->ms / n;
  const bool good = hit5 >= BAR_HIT5 && hit10 >= BAR_HIT10 && ms <= BAR_QUERY_MS &&
                    index_ms <= BAR_INDEX_MS;
  (void)printf("search: %d articles indexed in %.0f ms; %d queries: hit@1 %.2f, hit@5 %.2f (bar "
               "%.2f), hit@10 %.2f (bar %.2f), recall@10 %.2f, %.1f ms a query (worst %.1f): %s\n",
               articles, index_ms, x->queries, x->hit1 / n, hit5, BAR_HIT5, hit10, BAR_HIT10,
               x->recall10 / n, ms, x->ms_max, good ? "good" : "BELOW THE BAR");
  return good ? 0 : 1;
}

int main(void) {
  struct buf docs, queries;
  load("docs.jsonl", &docs);
  load("queries.jsonl", &queries);
  char dir[] = "/tmp/triaged-bench-XXXXXX";
  if (mkdtemp(dir) == NULL) die("no temporary folder");
  struct trg_err err = {0};
  struct store *s = NULL;
  if (store_open(dir, &s, &err) != 0) die(err.text);
  int articles = 0;
  struct trg_str rest = buf_view(&docs), line;
  const int64_t from = clock_mono_us();
  while (str_next(&rest, '\n', &line))
    if (line.n > 0) articles += index_line(s, line);
  if (turn_flush(s, &err) != 0) die(err.text);
  const double index_ms = (double)(clock_mono_us() - from) / 1000.0;
  struct score sum = {0};
  rest = buf_view(&queries);
  while (str_next(&rest, '\n', &line))
    if (line.n > 0) ask(s, line, &sum);
  store_close(&s);
  static const char *const files[] = {"triaged.db", "lock"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char *path = file_join(dir, files[i]);
    (void)unlink(path);
    mem_free(path);
  }
  (void)rmdir(dir);
  buf_free(&docs);
  buf_free(&queries);
  return report(&sum, articles, index_ms);
}
