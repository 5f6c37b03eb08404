#include "store/subject.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "store/bytes.h"
#include "store/sql.h"
#include "store/ticket.h"

void subject_lookup(const uint8_t key[32], struct trg_str who, char out[SUBJECT_HEX]) {
  struct arena *a = arena_new();
  char *low = arena_dup(a, who);
  for (char *p = low; *p != '\0'; p++)
    if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
  uint8_t sum[HASH_BYTES];
  hash_hmac((struct trg_str){(const char *)key, 32}, str_of(low), sum);
  hex_encode(sum, 16, out);
  arena_free(&a);
}

/* 1 and the pseudonym, 0 when there is none, or negative. */
static int find(struct store *s, const char *lookup, char out[SUBJECT_HEX], struct trg_err *err) {
  static const char text[] = "SELECT pseudonym FROM subject WHERE lookup = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, lookup);
  const int rc = sql_next(&q, err);
  if (rc <= 0) return rc;
  (void)snprintf(out, SUBJECT_HEX, "%s", sql_get_text(&q, NULL));
  sql_end(&q);
  return 1;
}

int subject_pseudonym(struct store *s, const char *lookup, char out[SUBJECT_HEX],
                      struct trg_err *err) {
  static const char text[] = "INSERT INTO subject (lookup, pseudonym) VALUES (?, ?)";
  const int found = find(s, lookup, out, err);
  if (found != 0) return found < 0 ? found : 0;
  uint8_t raw[16];
  random_bytes(raw, sizeof raw);
  hex_encode(raw, sizeof raw, out);
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, lookup);
  sql_text(&q, out);
  return sql_run(&q, err);
}

int subject_refs(struct store *s, const char *lookup, struct arena *a, const char ***ret,
                 size_t *ret_count, struct trg_err *err) {
  static const char text[] = "SELECT t.ref FROM subject p JOIN ticket t"
                             " ON t.requester_hash = p.pseudonym WHERE p.lookup = ?"
                             " ORDER BY t.created_ms, t.id";
  const char **list = NULL;
  size_t n = 0;
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, lookup);
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    list[n++] = sql_get_text(&q, a);
  }
  if (rc < 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}

/* --- erasing ---------------------------------------------------------------------------------- */

/* A ticket that is on its way would write its texts again. */
static int none_at_work(struct store *s, const char *pseudonym, struct trg_err *err) {
  static const char text[] = "SELECT ref, state FROM ticket WHERE requester_hash = ?"
                             " AND state NOT IN (?, ?, ?) ORDER BY id LIMIT 1";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, pseudonym);
  sql_text(&q, ticket_state_word(TICKET_FOLLOWING));
  sql_text(&q, ticket_state_word(TICKET_DONE));
  sql_text(&q, ticket_state_word(TICKET_DEAD));
  const int rc = sql_next(&q, err);
  if (rc <= 0) return rc;
  char ref[160];
  (void)snprintf(ref, sizeof ref, "%s", sql_get_text(&q, NULL));
  const int status = err_set(err, TRG_ESTATE, "busy",
                             "%s is being worked on (%s): erase again when it is answered, or set "
                             "its helpdesk to mode off first",
                             ref, sql_get_text(&q, NULL));
  sql_end(&q);
  return status;
}

static int step(struct store *s, const char *text, int64_t ticket_id, int64_t *ret_rows,
                struct trg_err *err) {
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, ticket_id);
  const int rc = sql_run(&q, err);
  if (rc >= 0 && ret_rows != NULL) *ret_rows += sql_changed(s);
  return rc;
}

/* Every text of one ticket. Facts, numbers and costs stay. */
static int ticket_empty(struct store *s, int64_t id, int64_t now_ms, struct subject_erased *e,
                        struct trg_err *err) {
  static const char messages[] = "UPDATE message SET text = '', attachments = '[]', author_id = ''"
                                 " WHERE ticket_id = ?";
  static const char drafts[] = "UPDATE draft SET body = '', citations = '[]', missing = '[]',"
                               " next_step = '', edited = '', review_reason = ''"
                               " WHERE ticket_id = ?";
  static const char decisions[] = "UPDATE decision SET verdict = '{}' WHERE ticket_id = ?";
  static const char requests[] = "DELETE FROM model_bytes WHERE model_call_id IN"
                                 " (SELECT id FROM model_call WHERE ticket_id = ?)";
  static const char reasons[] = "UPDATE model_call SET why = '' WHERE ticket_id = ?";
  static const char writes[] = "UPDATE outbox SET action = '{}', why = '' WHERE ticket_id = ?";
  static const char past[] = "DELETE FROM past WHERE ticket_id = ?";
  static const char shadows[] = "UPDATE shadow SET answer = '', why = '' WHERE ticket_id = ?";
  static const char questions[] = "DELETE FROM asked WHERE ticket_id = ?";
  /* A hash of a short result could be guessed. */
  static const char tools[] = "UPDATE tool_call SET arguments = '{}', why = '', result = '',"
                              " result_hash = '' WHERE ticket_id = ?";
  static const char wishes[] = "UPDATE tool_wish SET arguments = '{}', arguments_hash = '',"
                               " why = '', result = '' WHERE ticket_id = ?";
  static const char unmade[] = "UPDATE tool_wish SET state = 'expired'"
                               " WHERE ticket_id = ? AND state IN ('waiting', 'approved')";
  static const char judging[] = "UPDATE verify SET why = '' WHERE ticket_id = ?";
  static const char ticket[] = "UPDATE ticket SET subject = '', summary = '', priority_reason = '',"
                               " hold_reason = '', url = '', erased_ms = ?2, changed_ms = ?2"
                               " WHERE id = ?1";
  struct {
    const char *text;
    int64_t *rows;
  } const steps[] = {
      {messages, &e->messages}, {drafts, &e->drafts}, {decisions, NULL}, {requests, &e->requests},
      {reasons, NULL},          {writes, NULL},       {past, &e->past},  {shadows, NULL},
      {questions, NULL},        {tools, NULL},        {wishes, NULL},    {unmade, NULL},
      {judging, NULL}};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    const int rc = step(s, steps[i].text, id, steps[i].rows, err);
    if (rc < 0) return rc;
  }
  struct sql q;
  sql_write(&q, s, ticket);
  sql_int(&q, id);
  sql_int(&q, now_ms);
  const int rc = sql_run(&q, err);
  e->tickets++;
  return rc;
}

/* What several calls of one ticket began with can hold its text; it goes with the last of them. */
static int heads_empty(struct store *s, struct trg_err *err) {
  static const char text[] = "DELETE FROM model_head WHERE NOT EXISTS"
                             " (SELECT 1 FROM model_bytes b WHERE b.head_id = model_head.id)";
  struct sql q;
  heads_free(&s->heads); /* read again at the next call */
  sql_write(&q, s, text);
  return sql_run(&q, err);
}

/* All tickets that `q` gives, which is bound and read to its end first. */
static int tickets_empty(struct store *s, struct sql *q, int64_t now_ms, struct subject_erased *e,
                         struct trg_err *err) {
  struct arena *a = arena_new();
  int64_t *ids = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(q, err)) > 0) {
    ids = sql_room(a, ids, n, sizeof *ids);
    ids[n++] = sql_get_int(q);
  }
  for (size_t i = 0; i < n && rc >= 0; i++) rc = ticket_empty(s, ids[i], now_ms, e, err);
  arena_free(&a);
  return rc >= 0 && e->requests > 0 ? heads_empty(s, err) : rc;
}

int subject_empty_old(struct store *s, int64_t before_ms, int64_t now_ms, int rows, bool *ret_more,
                      struct trg_err *err) {
  static const char text[] = "SELECT id FROM ticket WHERE state = ? AND erased_ms = 0"
                             " AND changed_ms < ? ORDER BY changed_ms LIMIT ?";
  struct subject_erased e = {0};
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, ticket_state_word(TICKET_DONE));
  sql_int(&q, before_ms);
  sql_int(&q, rows);
  const int rc = tickets_empty(s, &q, now_ms, &e, err);
  *ret_more = rc >= 0 && e.tickets == rows;
  return rc;
}

static int erase_link(struct store *s, const char *pseudonym, struct trg_err *err) {
  static const char text[] = "DELETE FROM subject WHERE pseudonym = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, pseudonym);
  return sql_run(&q, err);
}

int subject_erase(struct store *s, const char *lookup, int64_t now_ms, struct subject_erased *ret,
                  struct trg_err *err) {
  static const char theirs[] = "SELECT id FROM ticket WHERE requester_hash = ? ORDER BY id";
  /* Merges the index, so that no deleted word stays in an older part of it. */
  static const char words[] = "INSERT INTO past_fts (past_fts) VALUES ('optimize')";
  char pseudonym[SUBJECT_HEX];
  struct subject_erased e = {0};
  struct sql q;
  int rc = find(s, lookup, pseudonym, err);
  if (rc == 0) pseudonym[0] = '\0';
  if (rc > 0) rc = none_at_work(s, pseudonym, err);
  if (rc >= 0) rc = subject_texts_erase(s, lookup, pseudonym, &e, err);
  if (rc >= 0 && pseudonym[0] == '\0' && e.taught + e.past == 0)
    rc = err_set(err, TRG_ENOTFOUND, "not_found",
                 "nobody of that address has a ticket or a text in a labelled file");
  if (rc < 0) return rc;
  if (pseudonym[0] != '\0') {
    sql_read(&q, s, theirs);
    sql_text(&q, pseudonym);
    rc = tickets_empty(s, &q, now_ms, &e, err);
    if (rc >= 0) rc = erase_link(s, pseudonym, err);
  }
  if (rc < 0) return rc;
  sql_write(&q, s, words);
  rc = sql_run(&q, err);
  if (rc < 0) return rc;
  *ret = e;
  return 0;
}
