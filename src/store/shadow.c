#include "store/shadow.h"

#include <triaged/connector.h>

#include "base/mem.h"
#include "store/sql.h"

int shadow_add(struct store *s, const struct shadow *w, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO shadow (ticket_id, pass, stage, model, outcome, answer, confidence, cost_micros,"
      " latency_us, code, why, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (ticket_id, pass, stage, model) DO NOTHING";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, w->ticket_id);
  sql_int(&q, w->pass);
  sql_text(&q, w->stage);
  sql_text(&q, w->model);
  sql_text(&q, w->outcome);
  sql_text(&q, w->answer);
  sql_real(&q, w->confidence);
  sql_int(&q, w->cost_micros);
  sql_int(&q, w->latency_us);
  sql_text(&q, w->code);
  sql_text(&q, w->why);
  sql_int(&q, w->at_ms);
  return sql_run(&q, err);
}

static void pair_of(struct sql *q, struct arena *a, struct shadow_pair *p) {
  struct shadow *w = &p->shadow;
  w->ticket_id = sql_get_int(q);
  w->pass = sql_get_int(q);
  w->stage = sql_get_text(q, a);
  w->model = sql_get_text(q, a);
  w->outcome = sql_get_text(q, a);
  w->answer = sql_get_text(q, a);
  w->confidence = sql_get_real(q);
  w->cost_micros = sql_get_int(q);
  w->latency_us = sql_get_int(q);
  w->code = sql_get_text(q, a);
  w->why = sql_get_text(q, a);
  w->at_ms = sql_get_int(q);
  p->ref = sql_get_text(q, a);
  p->live = sql_get_text(q, a);
  p->live_model = sql_get_text(q, a);
  p->live_cost_micros = sql_get_int(q);
  p->live_latency_us = sql_get_int(q);
  p->sent = sql_get_text(q, a);
}

int shadow_each(struct store *s, const struct shadow_filter *f,
                void (*fn)(void *arg, const struct shadow_pair *p), void *arg,
                struct trg_err *err) {
  /* A person's word: the draft as somebody approved or edited it, else the first public message of
   * a person after the model was asked. */
  static const char text[] =
      "SELECT w.ticket_id, w.pass, w.stage, w.model, w.outcome, w.answer, w.confidence,"
      " w.cost_micros, w.latency_us, w.code, w.why, w.at_ms, t.ref, coalesce(d.verdict, ''),"
      " coalesce(d.model, ''), coalesce(d.cost_micros, 0), coalesce(c.latency_us, 0),"
      " coalesce((SELECT CASE r.edited WHEN '' THEN r.body ELSE r.edited END FROM draft r"
      "   WHERE r.ticket_id = w.ticket_id AND r.pass = w.pass AND r.reviewer <> ''"
      "   AND r.state IN ('approved', 'edited', 'sent') ORDER BY r.id DESC LIMIT 1),"
      "  (SELECT m.text FROM message m WHERE m.ticket_id = w.ticket_id AND m.author = ?1"
      "   AND (m.flags & ?2) <> 0 AND m.at_ms >= w.at_ms ORDER BY m.at_ms, m.id LIMIT 1), '')"
      " FROM shadow w JOIN ticket t ON t.id = w.ticket_id"
      " LEFT JOIN decision d ON d.id = (SELECT max(x.id) FROM decision x"
      "   WHERE x.ticket_id = w.ticket_id AND x.pass = w.pass AND x.stage = w.stage)"
      " LEFT JOIN model_call c ON c.id = d.model_call_id"
      " WHERE (?3 = '' OR w.model = ?3) AND w.at_ms >= ?4 AND (?5 = 0 OR w.at_ms < ?5)"
      " ORDER BY w.at_ms, w.id";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, TRG_AUTHOR_AGENT);
  sql_int(&q, TRG_MESSAGE_PUBLIC);
  sql_text(&q, f->model);
  sql_int(&q, f->from_ms);
  sql_int(&q, f->to_ms);
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    struct arena *a = arena_new();
    struct shadow_pair p;
    pair_of(&q, a, &p);
    fn(arg, &p);
    arena_free(&a);
  }
  return rc;
}
