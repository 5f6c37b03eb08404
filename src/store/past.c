/* Past tickets: what is learnt from, and what a new ticket may repeat. */
#include "store/knowledge.h"
#include "store/sql.h"
#include "base/word.h"

int past_put(struct store *s, const struct past *p, int64_t now_ms, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO past (ticket_id, ref, subject, text, category, language, reply, status, put_ms,"
      " cited, lookup) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE SET"
      " ticket_id = excluded.ticket_id, subject = excluded.subject, text = excluded.text,"
      " category = excluded.category, language = excluded.language, reply = excluded.reply,"
      " status = excluded.status, put_ms = excluded.put_ms,"
      " cited = excluded.cited, lookup = excluded.lookup";
  struct sql q;
  sql_write(&q, s, text);
  sql_id(&q, p->ticket_id);
  sql_text(&q, p->ref);
  sql_text(&q, p->subject);
  sql_text(&q, p->text);
  sql_text(&q, p->category);
  sql_text(&q, p->language);
  sql_text(&q, p->reply);
  sql_text(&q, p->status);
  sql_int(&q, now_ms);
  sql_text(&q, p->cited != NULL && p->cited[0] != '\0' ? p->cited : "[]");
  sql_text(&q, p->lookup != NULL ? p->lookup : "");
  return sql_run(&q, err);
}

#define PAST_COLUMNS                                                                               \
  "p.ticket_id, p.ref, p.subject, p.text, p.category, p.language, p.reply, p.status, p.cited"

static void past_of(struct sql *q, struct arena *a, struct past *p) {
  p->ticket_id = sql_get_int(q);
  p->ref = sql_get_text(q, a);
  p->subject = sql_get_text(q, a);
  p->text = sql_get_text(q, a);
  p->category = sql_get_text(q, a);
  p->language = sql_get_text(q, a);
  p->reply = sql_get_text(q, a);
  p->status = sql_get_text(q, a);
  p->cited = sql_get_text(q, a);
}

int past_by_ref(struct store *s, struct trg_str ref, struct arena *a, struct past *ret,
                struct trg_err *err) {
  static const char text[] = "SELECT " PAST_COLUMNS " FROM past p WHERE p.ref = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_str(&q, ref);
  const int rc = sql_one(&q, "past ticket", err);
  if (rc != 0) return rc;
  past_of(&q, a, ret);
  ret->score = 0;
  sql_end(&q);
  return 0;
}

int past_search(struct store *s, struct trg_str words, int64_t not_ticket_id, int limit,
                struct arena *a, struct past **ret, size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT " PAST_COLUMNS
      ", f.score FROM (SELECT rowid AS row, bm25(past_fts, 3.0, 1.0) AS score FROM past_fts"
      "  WHERE past_fts MATCH ?1 ORDER BY score LIMIT ?2 + 1) f"
      " JOIN past p ON p.row = f.row WHERE p.ticket_id IS NULL OR p.ticket_id <> ?3"
      " ORDER BY f.score, p.ref LIMIT ?2";
  *ret = NULL;
  *ret_count = 0;
  const char *query = query_of(s, words, a);
  if (query == NULL) return 0;
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, query);
  sql_int(&q, limit);
  sql_int(&q, not_ticket_id);
  struct past *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct past *p = &list[n++];
    past_of(&q, a, p);
    p->score = -sql_get_real(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

/* --- twins ----------------------------------------------------------------------------------- */

#define TWINS_MAX  20  /* tickets of one requester that are compared */
#define TWIN_WORDS 256 /* of a text that are compared */
#define TWIN_SHARE 0.8 /* words in common, of all words of both */

struct bag {
  uint64_t words[TWIN_WORDS]; /* hashes, each once */
  size_t n;
};

static void bag_add(struct bag *b, const char *word, size_t n) {
  uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)word[i]) * UINT64_C(0x100000001B3);
  for (size_t i = 0; i < b->n; i++)
    if (b->words[i] == h) return;
  if (b->n < TWIN_WORDS) b->words[b->n++] = h;
}

static void bag_fill(struct bag *b, struct trg_str text) {
  char word[WORD_MAX];
  size_t at = 0, n = 0;
  while (b->n < TWIN_WORDS && word_next(text, &at, word, &n)) bag_add(b, word, n);
}

static bool alike(const struct bag *a, const struct bag *b) {
  size_t both = 0;
  for (size_t i = 0; i < a->n; i++)
    for (size_t k = 0; k < b->n; k++)
      if (a->words[i] == b->words[k]) {
        both++;
        break;
      }
  const size_t all = a->n + b->n - both;
  return all > 0 && (double)both >= TWIN_SHARE * (double)all;
}

/* Subject and opening message of one ticket. */
static int bag_of(struct store *s, int64_t ticket_id, struct bag *ret, struct trg_err *err) {
  static const char text[] =
      "SELECT t.subject, coalesce((SELECT m.text FROM message m WHERE m.ticket_id = t.id"
      "  AND m.author = 1 ORDER BY m.at_ms, m.id LIMIT 1), '') FROM ticket t WHERE t.id = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  const int rc = sql_one(&q, "ticket", err);
  if (rc != 0) return rc;
  ret->n = 0;
  bag_fill(ret, str_of(sql_get_text(&q, NULL)));
  bag_fill(ret, str_of(sql_get_text(&q, NULL)));
  sql_end(&q);
  return 0;
}

struct candidate {
  int64_t id;
  char *ref;
};

static int candidates(struct store *s, int64_t ticket_id, int64_t within_ms, struct arena *a,
                      struct candidate list[TWINS_MAX], size_t *ret_count, struct trg_err *err) {
  /* Open at the helpdesk (below solved) and opened before this one: the later ticket is the
   * duplicate. */
  static const char text[] =
      "SELECT o.id, o.ref FROM ticket t JOIN ticket o ON o.requester_hash = t.requester_hash"
      " WHERE t.id = ?1 AND t.requester_hash <> '' AND o.requester_hash <> ''"
      "  AND o.created_ms >= t.created_ms - ?2 AND (o.created_ms, o.id) < (t.created_ms, t.id)"
      "  AND o.status < 5 AND o.state NOT IN ('done', 'dead')"
      " ORDER BY o.created_ms, o.id LIMIT ?3";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, ticket_id);
  sql_int(&q, within_ms);
  sql_int(&q, TWINS_MAX);
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list[n].id = sql_get_int(&q);
    list[n].ref = arena_dup(a, str_of(sql_get_text(&q, NULL)));
    n++;
  }
  *ret_count = n;
  return rc;
}

int past_twin(struct store *s, int64_t ticket_id, int64_t within_ms, struct arena *a,
              char **ret_ref, struct trg_err *err) {
  struct candidate list[TWINS_MAX];
  size_t n = 0;
  int rc = candidates(s, ticket_id, within_ms, a, list, &n, err);
  struct bag own, other;
  if (rc == 0) rc = bag_of(s, ticket_id, &own, err);
  for (size_t i = 0; i < n && rc == 0; i++) {
    rc = bag_of(s, list[i].id, &other, err);
    if (rc == 0 && alike(&own, &other)) {
      *ret_ref = list[i].ref;
      return 0;
    }
  }
  return rc != 0 ? rc : err_set(err, TRG_ENOTFOUND, "not_found", "it has no twin");
}
