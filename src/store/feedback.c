#include "store/feedback.h"

#include <string.h>

#include "store/sql.h"

int feedback_add(struct store *s, int64_t draft_id, const char *kind, const char *who,
                 double distance, int64_t now_ms, struct trg_err *err) {
  static const char text[] =
      "INSERT INTO feedback (draft_id, ticket_id, kind, who, distance, category, model, "
      "skills_hash,"
      " at_ms) SELECT d.id, d.ticket_id, ?2, ?3, ?4, t.category, d.model,"
      "  coalesce((SELECT c.skills_hash FROM decision c WHERE c.ticket_id = d.ticket_id"
      "   AND c.pass = d.pass AND c.stage = 'draft' ORDER BY c.id DESC LIMIT 1), ''), ?5"
      " FROM draft d JOIN ticket t ON t.id = d.ticket_id WHERE d.id = ?1";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, draft_id);
  sql_text(&q, kind);
  sql_text(&q, who);
  sql_real(&q, distance);
  sql_int(&q, now_ms);
  return sql_run_one(&q, "draft", err);
}

#define REPORT(key)                                                                                \
  "SELECT " key                                                                                    \
  ", count(*), sum(kind = 'approved'), sum(kind = 'edited'), sum(kind = 'rejected'),"              \
  " sum(kind = 'answered'), coalesce(avg(CASE WHEN distance >= 0 THEN distance END), -1)"          \
  " FROM feedback WHERE at_ms >= ?1 AND at_ms < ?2 GROUP BY 1 ORDER BY 1"

static const char *report_text(const char *by) {
  static const struct {
    const char *by, *text;
  } all[] = {{"category", REPORT("category")},
             {"model", REPORT("model")},
             {"skills", REPORT("substr(skills_hash, 1, 12)")},
             {"who", REPORT("who")},
             {"month", REPORT("strftime('%Y-%m', at_ms / 1000, 'unixepoch')")}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(all[i].by, by) == 0) return all[i].text;
  return NULL;
}

int feedback_report(struct store *s, const char *by, int64_t from_ms, int64_t to_ms,
                    struct arena *a, struct feedback_row **ret, size_t *ret_count,
                    struct trg_err *err) {
  const char *text = report_text(by);
  if (text == NULL)
    return err_set(err, TRG_EINVAL, "usage", "by category, model, skills, who or month; not %s",
                   by);
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  struct feedback_row *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct feedback_row *r = &list[n++];
    r->key = sql_get_text(&q, a);
    r->drafts = sql_get_int(&q);
    r->approved = sql_get_int(&q);
    r->edited = sql_get_int(&q);
    r->rejected = sql_get_int(&q);
    r->answered = sql_get_int(&q);
    r->distance = sql_get_real(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
