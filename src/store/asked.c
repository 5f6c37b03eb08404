#include "store/asked.h"

#include "base/err.h"
#include "base/hash.h"
#include "store/bytes.h"
#include "store/sql.h"

static int prompt_find(struct store *s, const char *hash, int64_t *ret_id, struct trg_err *err) {
  static const char text[] = "SELECT id FROM prompt WHERE hash = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, hash);
  const int rc = sql_next(&q, err);
  *ret_id = rc > 0 ? sql_get_int(&q) : 0;
  if (rc <= 0) return rc;
  sql_end(&q);
  return 0;
}

int prompt_keep(struct store *s, struct trg_str prompt, int64_t *ret_id, struct trg_err *err) {
  static const char text[] = "INSERT INTO prompt (hash, text) VALUES (?, ?)";
  char hash[HASH_HEX_MAX];
  uint8_t sum[HASH_BYTES];
  struct hash *h = hash_new();
  hash_add(h, prompt);
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, hash);
  int64_t id = 0;
  int rc = prompt_find(s, hash, &id, err);
  if (rc != 0) return rc;
  if (id == 0) {
    struct sql q;
    sql_write(&q, s, text);
    sql_text(&q, hash);
    sql_str(&q, prompt);
    rc = sql_run(&q, err);
    if (rc != 0) return rc;
    id = sqlite3_last_insert_rowid(s->db);
  }
  *ret_id = id;
  return 0;
}

int asked_put(struct store *s, const struct asked *a, struct trg_err *err) {
  static const char text[] = "INSERT INTO asked (ticket_id, pass, stage, stable_id, schema_id, "
                             "taxonomy_id, system_id, part,"
                             " at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ticket_id, "
                             "pass, stage) DO UPDATE SET"
                             "  stable_id = excluded.stable_id, schema_id = excluded.schema_id,"
                             "  taxonomy_id = excluded.taxonomy_id, system_id = "
                             "excluded.system_id, part = excluded.part, at_ms = excluded.at_ms";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, a->ticket_id);
  sql_int(&q, a->pass);
  sql_text(&q, a->stage);
  sql_int(&q, a->stable_id);
  sql_int(&q, a->schema_id);
  sql_id(&q, a->taxonomy_id);
  sql_id(&q, a->system_id);
  sql_str(&q, a->part);
  sql_int(&q, a->at_ms);
  return sql_run(&q, err);
}

#define RECORDED_WHERE                                                                             \
  " WHERE d.id > ?1 AND d.model_call_id IS NOT NULL AND d.stage IN ('triage', 'draft', 'verify')"  \
  " AND (?2 = '' OR d.stage = ?2) AND d.at_ms >= ?3 AND (?4 = 0 OR d.at_ms < ?4)"

static void filter_bind(struct sql *q, const struct recorded_filter *f, int64_t after_id) {
  sql_int(q, after_id);
  sql_text(q, f->stage);
  sql_int(q, f->from_ms);
  sql_int(q, f->to_ms);
}

int recorded_count(struct store *s, const struct recorded_filter *f, int64_t *ret,
                   struct trg_err *err) {
  static const char text[] = "SELECT count(*) FROM decision d" RECORDED_WHERE;
  struct sql q;
  sql_read(&q, s, text);
  filter_bind(&q, f, 0);
  const int rc = sql_one(&q, "count", err);
  if (rc != 0) return rc;
  *ret = sql_get_int(&q);
  sql_end(&q);
  return 0;
}

static void recorded_of(struct sql *q, struct arena *a, struct recorded *r) {
  r->decision_id = sql_get_int(q);
  r->ticket_id = sql_get_int(q);
  r->pass = sql_get_int(q);
  r->ref = sql_get_text(q, a);
  r->stage = sql_get_text(q, a);
  r->verdict = sql_get_text(q, a);
  r->model = sql_get_text(q, a);
  r->backend = sql_get_text(q, a);
  r->confidence = sql_get_real(q);
  r->cost_micros = sql_get_int(q);
  r->latency_us = sql_get_int(q);
  r->at_ms = sql_get_int(q);
  r->prompt_hash = sql_get_text(q, a);
  r->skills_hash = sql_get_text(q, a);
  r->conf_hash = sql_get_text(q, a);
  r->usage.input = sql_get_int(q);
  r->usage.output = sql_get_int(q);
  r->usage.cache_read = sql_get_int(q);
  r->usage.cache_write = sql_get_int(q);
  r->usage.reasoning = sql_get_int(q);
  r->usage.estimated = sql_get_int(q) != 0;
  r->user_hash = sql_get_text(q, a);
  r->stable = sql_get_blob(q, a);
  r->schema = sql_get_blob(q, a);
  r->taxonomy = sql_get_blob(q, a);
  r->system = sql_get_blob(q, a);
  r->part = sql_get_blob(q, a);
  r->request = sql_get_blob(q, a);
  r->response = sql_get_blob(q, a);
}

int recorded_next(struct store *s, const struct recorded_filter *f, int64_t after_id,
                  struct arena *a, struct recorded *ret, struct trg_err *err) {
  static const char text[] =
      "SELECT d.id, d.ticket_id, d.pass, t.ref, d.stage, d.verdict, d.model, c.backend,"
      " d.confidence, d.cost_micros, c.latency_us, d.at_ms, d.prompt_hash, d.skills_hash,"
      " d.conf_hash, c.input, c.output, c.cache_read, c.cache_write, c.reasoning, c.estimated,"
      " t.requester_hash, coalesce(p1.text, ''), coalesce(p2.text, ''), coalesce(p3.text, ''),"
      " coalesce(p4.text, ''),"
      " coalesce(k.part, ''), " BYTES_REQUEST ", b.response"
      " FROM decision d JOIN ticket t ON t.id = d.ticket_id"
      " JOIN model_call c ON c.id = d.model_call_id"
      " LEFT JOIN asked k ON k.ticket_id = d.ticket_id AND k.pass = d.pass AND k.stage = d.stage"
      " LEFT JOIN prompt p1 ON p1.id = k.stable_id LEFT JOIN prompt p2 ON p2.id = k.schema_id"
      " LEFT JOIN prompt p3 ON p3.id = k.taxonomy_id LEFT JOIN prompt p4 ON p4.id = k.system_id"
      " LEFT JOIN model_bytes b ON b.model_call_id = c.id"
      " LEFT JOIN model_head h ON h.id = b.head_id" RECORDED_WHERE " ORDER BY d.id LIMIT 1";
  struct sql q;
  sql_read(&q, s, text);
  filter_bind(&q, f, after_id);
  const int rc = sql_next(&q, err);
  if (rc < 0) return rc;
  if (rc == 0) return err_set(err, TRG_ENOTFOUND, "not_found", "no recorded decision is left");
  recorded_of(&q, a, ret);
  sql_end(&q);
  return 0;
}
