/* What labelled files brought of a person: linked by the requester that a line names, and, as not
 * every file names one, by the words of the person's own tickets. */
#include "store/sql.h"
#include "store/subject.h"

int subject_texts(struct store *s, const char *lookup, struct arena *a, struct subject_text **ret,
                  size_t *ret_count, struct trg_err *err) {
  static const char text[] =
      "SELECT text, labels, '', source FROM taught WHERE lookup <> '' AND lookup = ?1"
      " UNION ALL SELECT subject || char(10) || text, json_object('category', category), reply, ref"
      " FROM past WHERE lookup <> '' AND lookup = ?1";
  struct subject_text *list = NULL;
  size_t n = 0;
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_text(&q, lookup);
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    list[n].text = sql_get_text(&q, a);
    list[n].labels = sql_get_text(&q, a);
    list[n].reply = sql_get_text(&q, a);
    list[n++].source = sql_get_text(&q, a);
  }
  if (rc < 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

static int step(struct store *s, const char *text, const char *lookup, const char *pseudonym,
                int64_t *ret_rows, struct trg_err *err) {
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, lookup);
  if (pseudonym != NULL) sql_text(&q, pseudonym);
  const int rc = sql_run(&q, err);
  if (rc >= 0) *ret_rows += sql_changed(s);
  return rc;
}

/* In the words of a ticket of the pseudonym ?2. */
#define OWN_WORDS                                                                                  \
  "(?2 <> '' AND text IN (SELECT m.text FROM message m JOIN ticket t ON t.id = m.ticket_id"        \
  "   WHERE t.requester_hash = ?2 AND m.text <> ''"                                                \
  "  UNION SELECT t.subject || char(10) || m.text FROM message m"                                  \
  "   JOIN ticket t ON t.id = m.ticket_id WHERE t.requester_hash = ?2))"

int subject_texts_erase(struct store *s, const char *lookup, const char *pseudonym,
                        struct subject_erased *e, struct trg_err *err) {
  static const char taught[] =
      "DELETE FROM taught WHERE (lookup <> '' AND lookup = ?1) OR " OWN_WORDS;
  /* An example of the taxonomy names nobody. Until its file changes it does not come again. */
  static const char example[] = "DELETE FROM example WHERE ?1 <> '' AND " OWN_WORDS;
  static const char past[] = "DELETE FROM past WHERE lookup <> '' AND lookup = ?1";
  int rc = step(s, taught, lookup, pseudonym, &e->taught, err);
  if (rc >= 0) rc = step(s, example, lookup, pseudonym, &e->taught, err);
  return rc < 0 ? rc : step(s, past, lookup, NULL, &e->past, err);
}
