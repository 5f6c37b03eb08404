#include "store/question.h"

#include "store/sql.h"

int question_unanswered(struct store *s, int64_t from_ms, int64_t to_ms, int64_t limit,
                        struct arena *a, struct question **ret, size_t *ret_count,
                        struct trg_err *err) {
  /* What nobody wants to have answered is no gap. */
  static const char text[] =
      "SELECT t.ref, t.subject, t.category, t.language,"
      " coalesce((SELECT m.text FROM message m WHERE m.ticket_id = t.id AND m.author = 1"
      "  ORDER BY m.at_ms, m.id LIMIT 1), ''),"
      " coalesce((SELECT d.missing FROM draft d WHERE d.ticket_id = t.id ORDER BY d.id DESC LIMIT "
      "1),"
      "  '[]'),"
      " coalesce((SELECT p.reply FROM past p WHERE p.ticket_id = t.id LIMIT 1), ''), t.received_ms"
      " FROM ticket t WHERE t.received_ms >= ?1 AND t.received_ms < ?2 AND EXISTS (SELECT 1 FROM"
      "  decision c WHERE c.ticket_id = t.id AND c.reason = 'no_answer')"
      "  AND t.category NOT LIKE 'spam%'"
      " ORDER BY t.received_ms DESC, t.id DESC LIMIT ?3";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, from_ms);
  sql_int(&q, to_ms);
  sql_int(&q, limit);
  struct question *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    struct question *one = &list[n++];
    one->ref = sql_get_text(&q, a);
    one->subject = sql_get_text(&q, a);
    one->category = sql_get_text(&q, a);
    one->language = sql_get_text(&q, a);
    one->text = sql_get_text(&q, a);
    one->missing = sql_get_text(&q, a);
    one->reply = sql_get_text(&q, a);
    one->at_ms = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
