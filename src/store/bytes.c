#include "store/bytes.h"

#include <string.h>

#include "store/sql.h"

#define HEADS          8
#define HEAD_MIN_BYTES ((size_t)2048)
/* A head ends this far, at least, before the first difference, and at a multiple of it: what two
 * requests share by chance behind the common text is not taken for a part of it. */
#define HEAD_STEP_BYTES ((size_t)1024)

struct head {
  int64_t id; /* 0: a candidate, the last request that had no head */
  char *p;
  size_t n;
};
struct heads {
  struct head list[HEADS];
  size_t next;
};

void heads_free(struct heads **h) {
  if (*h == NULL) return;
  for (size_t i = 0; i < HEADS; i++) mem_free((*h)->list[i].p);
  mem_free(*h);
  *h = NULL;
}

static void head_keep(struct heads *h, int64_t id, struct trg_str text) {
  struct head *to = &h->list[h->next];
  h->next = (h->next + 1) % HEADS;
  mem_free(to->p);
  *to = (struct head){id, mem_dup_str(text), text.n};
}

/* At the first write: the newest heads of the file. */
static int heads_load(struct store *s, struct trg_err *err) {
  static const char text[] = "SELECT id, head FROM model_head ORDER BY id DESC LIMIT 4";
  s->heads = mem_alloc(sizeof *s->heads);
  struct arena *a = arena_new();
  struct sql q;
  int rc = 0;
  sql_read(&q, s, text);
  while ((rc = sql_next(&q, err)) > 0) {
    const int64_t id = sql_get_int(&q);
    head_keep(s->heads, id, sql_get_blob(&q, a));
  }
  arena_free(&a);
  return rc;
}

static int head_insert(struct store *s, struct trg_str head, int64_t *ret_id, struct trg_err *err) {
  static const char text[] = "INSERT INTO model_head (head) VALUES (?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_blob(&q, head);
  const int rc = sql_run(&q, err);
  if (rc == 0) *ret_id = sqlite3_last_insert_rowid(s->db);
  return rc;
}

static size_t common(struct trg_str a, const struct head *b) {
  const size_t most = a.n < b->n ? a.n : b->n;
  size_t n = 0;
  while (n < most && a.p[n] == b->p[n]) n++;
  return n;
}

/* The head of this request and how long it is; id 0: none. May make one, when an earlier request
 * without a head begins alike. */
static int head_of(struct store *s, struct trg_str request, int64_t *ret_id, size_t *ret_n,
                   struct trg_err *err) {
  *ret_id = 0;
  *ret_n = 0;
  int rc = s->heads == NULL ? heads_load(s, err) : 0;
  if (rc != 0 || request.n < 2 * HEAD_MIN_BYTES) return rc;
  for (size_t i = 0; i < HEADS; i++) {
    const struct head *h = &s->heads->list[i];
    if (h->id == 0 || h->n > request.n || memcmp(h->p, request.p, h->n) != 0) continue;
    *ret_id = h->id;
    *ret_n = h->n;
    return 0;
  }
  for (size_t i = 0; i < HEADS; i++) {
    const struct head *h = &s->heads->list[i];
    if (h->id != 0 || h->p == NULL) continue;
    const size_t n = common(request, h) / HEAD_STEP_BYTES * HEAD_STEP_BYTES;
    if (n < HEAD_MIN_BYTES + HEAD_STEP_BYTES) continue;
    *ret_n = n - HEAD_STEP_BYTES;
    rc = head_insert(s, (struct trg_str){request.p, *ret_n}, ret_id, err);
    if (rc == 0) head_keep(s->heads, *ret_id, (struct trg_str){request.p, *ret_n});
    return rc;
  }
  head_keep(s->heads, 0, request);
  return 0;
}

int bytes_put(struct store *s, int64_t call_id, int64_t started_ms, struct trg_str request,
              struct trg_str response, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO model_bytes (model_call_id, started_ms, head_id, request, response)"
      " VALUES (?, ?, ?, ?, ?) ON CONFLICT (model_call_id) DO UPDATE SET"
      "  head_id = CASE length(excluded.request) WHEN 0 THEN head_id ELSE excluded.head_id END,"
      "  request = CASE length(excluded.request) WHEN 0 THEN request ELSE excluded.request END,"
      "  response = CASE length(excluded.response) WHEN 0 THEN response"
      "   ELSE excluded.response END";
  if (request.n == 0 && response.n == 0) return 0;
  int64_t head = 0;
  size_t skip = 0;
  const int rc = head_of(s, request, &head, &skip, err);
  if (rc != 0) return rc;
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, call_id);
  sql_int(&q, started_ms);
  sql_id(&q, head);
  sql_blob(&q, (struct trg_str){request.p + skip, request.n - skip});
  sql_blob(&q, response);
  return sql_run(&q, err);
}
