/* Are the roll-ups what their rows give, and making them so: a day at a time, in memory that does
 * not grow with the number of tickets. */
#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "store/migrate.h"
#include "store/report.h"
#include "store/tally.h"

int report_day_next(struct store *s, int64_t after_day, int64_t *ret_day, struct trg_err *err) {
  /* Of tickets and calls, and of roll-ups that may be of neither. */
  static const char text[] =
      "WITH dims (dim) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8))"
      " SELECT min(d) FROM ("
      " SELECT (SELECT created_ms / 86400000 FROM ticket WHERE created_ms >= (?1 + 1) * 86400000"
      "  ORDER BY created_ms LIMIT 1) AS d UNION ALL"
      " SELECT (SELECT started_ms / 86400000 FROM model_call"
      "  WHERE started_ms >= (?1 + 1) * 86400000 ORDER BY started_ms LIMIT 1) UNION ALL"
      " SELECT (SELECT day FROM report_cell c WHERE c.dim = dims.dim AND day > ?1"
      "  ORDER BY day LIMIT 1) FROM dims UNION ALL"
      " SELECT (SELECT day FROM report_bin b WHERE b.dim = dims.dim AND day > ?1"
      "  ORDER BY day LIMIT 1) FROM dims UNION ALL"
      " SELECT (SELECT day FROM report_call WHERE day > ?1 ORDER BY day LIMIT 1) UNION ALL"
      " SELECT (SELECT day FROM report_call_bin WHERE day > ?1 ORDER BY day LIMIT 1)) WHERE d >= 0"
      " HAVING min(d) IS NOT NULL";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, after_day);
  const int rc = sql_next(&q, err);
  if (rc == 0) return TRG_ENOTFOUND;
  if (rc < 0) return rc;
  *ret_day = sql_get_int(&q);
  sql_end(&q);
  return 0;
}

/* --- what is stored --------------------------------------------------------------------------- */

static int stored_cells(struct store *s, int64_t day, struct sums *to, struct trg_err *err) {
  static const char text[] =
      "SELECT dim, word, tickets, waiting, failed, drafted, sent, open, resolved, excluded, held,"
      " reversed, assumed, confirmed, verified, procedure, usage, handoff, reopened,"
      " charged_micros, cost_micros, losses, loss_micros FROM report_cell"
      " WHERE dim IN (0, 1, 2, 3, 4, 5, 6, 7, 8) AND day = ?";
  static const char bins[] = "SELECT dim, word, bin, n, micros FROM report_bin"
                             " WHERE dim IN (0, 1, 2, 3, 4, 5, 6, 7, 8) AND day = ?";
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, day);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.dim = sql_get_int(&q), .day = day, .bin = SUMS_NO_BIN};
    key.word = sql_get_text(&q, NULL);
    int64_t *n = sums_at(to, &key);
    for (int i = 0; i < MEASURES; i++) n[i] = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  sql_read(&q, s, bins);
  sql_int(&q, day);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.dim = sql_get_int(&q), .day = day};
    key.word = sql_get_text(&q, NULL);
    key.bin = sql_get_int(&q);
    int64_t *n = sums_at(to, &key);
    n[0] = sql_get_int(&q);
    n[1] = sql_get_int(&q);
  }
  return rc;
}

static int stored_calls(struct store *s, int64_t day, struct sums *to, struct trg_err *err) {
  static const char text[] = "SELECT model, task, calls, ok, input, output, cache_read,"
                             " cache_write, cost_micros FROM report_call WHERE day = ?";
  static const char bins[] = "SELECT model, task, bin, n, us FROM report_call_bin WHERE day = ?";
  struct sql q;
  int rc;
  sql_read(&q, s, text);
  sql_int(&q, day);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.dim = DIM_CALLS, .day = day, .bin = SUMS_NO_BIN};
    key.word = sql_get_text(&q, NULL);
    key.other = sql_get_text(&q, NULL);
    int64_t *n = sums_at(to, &key);
    for (int i = 0; i < CALL_MEASURES; i++) n[i] = sql_get_int(&q);
  }
  if (rc != 0) return rc;
  sql_read(&q, s, bins);
  sql_int(&q, day);
  while ((rc = sql_next(&q, err)) > 0) {
    struct sums_key key = {.dim = DIM_CALLS, .day = day};
    key.word = sql_get_text(&q, NULL);
    key.other = sql_get_text(&q, NULL);
    key.bin = sql_get_int(&q);
    int64_t *n = sums_at(to, &key);
    n[0] = sql_get_int(&q);
    n[1] = sql_get_int(&q);
  }
  return rc;
}

/* --- checking --------------------------------------------------------------------------------- */

static const char *const dim_words[] = {"helpdesk", "category", "model",  "team", "language",
                                        "priority", "outcome",  "reason", "all",  "model calls"};
static const char *const measure_words[] = {
    "tickets",  "waiting", "failed",   "drafted",        "sent",        "open",     "resolved",
    "excluded", "held",    "reversed", "assumed",        "confirmed",   "verified", "procedure",
    "usage",    "handoff", "reopened", "charged_micros", "cost_micros", "losses",   "loss_micros"};
static const char *const call_words[] = {"calls",      "ok",          "input",      "output",
                                         "cache_read", "cache_write", "cost_micros"};

static int differs(const struct sums_key *k, const char *what, int64_t stored, int64_t ought,
                   struct trg_err *err) {
  char day[11];
  time_day(k->day * TALLY_DAY_MS, day);
  return err_set(err, TRG_ECORRUPT, "rollup",
                 "the report's roll-up of %s '%.60s%s%.40s' on %s has %s %" PRId64
                 ", its rows give %" PRId64
                 ": it was changed outside triaged; 'triagectl ledger rebuild' makes it again from "
                 "the rows",
                 dim_words[k->dim], k->word, k->other[0] != '\0' ? " " : "", k->other, day, what,
                 stored, ought);
}

static int entry_check(const struct sums_entry *e, const int64_t *other, bool stored,
                       struct trg_err *err) {
  const bool call = e->key.dim == DIM_CALLS, bin = e->key.bin != SUMS_NO_BIN;
  const int n = bin ? 2 : call ? CALL_MEASURES : MEASURES;
  for (int i = 0; i < n; i++) {
    if (e->n[i] == other[i]) continue;
    const char *what = bin ? "a distribution of" : call ? call_words[i] : measure_words[i];
    return stored ? differs(&e->key, what, e->n[i], other[i], err)
                  : differs(&e->key, what, other[i], e->n[i], err);
  }
  return 0;
}

/* Every entry of one has its like in the other. */
static int sums_check(struct sums *one, struct sums *other, bool stored, struct trg_err *err) {
  const struct sums_entry *e = sums_list(one);
  int rc = 0;
  for (size_t i = 0; i < sums_count(one) && rc == 0; i++)
    rc = entry_check(&e[i], sums_at(other, &e[i].key), stored, err);
  return rc;
}

/* --- a day ------------------------------------------------------------------------------------ */

struct day_pass {
  struct store *s;
  struct sums *ought;
};

/* The stored row of a ticket is what the next change goes by: it is checked too. */
static int ticket_check(void *arg, const struct tally *t, struct trg_err *err) {
  struct day_pass *d = arg;
  struct arena *a = arena_new();
  struct tally stored = {0};
  bool there = false;
  int rc = tally_row_get(d->s, t->id, a, &stored, &there, err);
  if (rc == 0 && !(there && tally_same(&stored, t)))
    rc = err_set(err, TRG_ECORRUPT, "rollup",
                 "the report's row of ticket number %" PRId64 " is %s: it was changed outside"
                 " triaged; 'triagectl ledger rebuild' makes it again from the rows",
                 t->id, there ? "not what its rows give" : "missing");
  arena_free(&a);
  if (rc == 0) tally_add(d->ought, t, 1);
  return rc;
}

static int ticket_rebuild(void *arg, const struct tally *t, struct trg_err *err) {
  struct day_pass *d = arg;
  tally_add(d->ought, t, 1);
  return tally_row_put(d->s, t, err);
}

static int day_sums(struct day_pass *d, int64_t day,
                    int (*fn)(void *arg, const struct tally *t, struct trg_err *err),
                    struct trg_err *err) {
  const int64_t from_ms = day * TALLY_DAY_MS, to_ms = from_ms + TALLY_DAY_MS;
  const int rc = tally_each(d->s, from_ms, to_ms, fn, d, err);
  return rc != 0 ? rc : tally_calls(d->s, from_ms, to_ms, d->ought, err);
}

int report_day_check(struct store *s, int64_t day, struct trg_err *err) {
  struct sums *stored = sums_new();
  struct day_pass d = {s, sums_new()};
  int rc = tally_apply(s, err);
  if (rc == 0) rc = day_sums(&d, day, ticket_check, err);
  if (rc == 0) rc = stored_cells(s, day, stored, err);
  if (rc == 0) rc = stored_calls(s, day, stored, err);
  if (rc == 0) rc = sums_check(d.ought, stored, false, err);
  if (rc == 0) rc = sums_check(stored, d.ought, true, err);
  sums_free(&d.ought);
  sums_free(&stored);
  return rc;
}

static int day_clear(struct store *s, int64_t day, struct trg_err *err) {
  static const char *const texts[] = {
      "DELETE FROM report_cell WHERE dim IN (0, 1, 2, 3, 4, 5, 6, 7, 8) AND day = ?",
      "DELETE FROM report_bin WHERE dim IN (0, 1, 2, 3, 4, 5, 6, 7, 8) AND day = ?",
      "DELETE FROM report_call WHERE day = ?", "DELETE FROM report_call_bin WHERE day = ?"};
  int rc = 0;
  for (size_t i = 0; i < sizeof texts / sizeof *texts && rc == 0; i++) {
    struct sql q;
    sql_write(&q, s, texts[i]);
    sql_int(&q, day);
    rc = sql_run(&q, err);
  }
  return rc;
}

int report_day_rebuild(struct store *s, int64_t day, struct trg_err *err) {
  struct day_pass d = {s, sums_new()};
  int rc = tally_apply(s, err);
  if (rc == 0) rc = day_clear(s, day, err);
  if (rc == 0) rc = day_sums(&d, day, ticket_rebuild, err);
  if (rc == 0) rc = tally_put(s, d.ought, err);
  sums_free(&d.ought);
  return rc;
}

/* --- how many rows there are of a kind -------------------------------------------------------- */

#define DEPTH_OF_ROWS                                                                              \
  "SELECT 'ticket' AS kind, state AS word, count(*) AS n FROM ticket GROUP BY state"               \
  " UNION ALL SELECT 'bill', bill_state, count(*) FROM ticket GROUP BY bill_state"                 \
  " UNION ALL SELECT 'inbox ' || state, helpdesk, count(*) FROM inbox_ticket"                      \
  "  GROUP BY state, helpdesk"                                                                     \
  " UNION ALL SELECT 'cost', 'calls', coalesce(sum(cost_micros), 0) FROM model_call"               \
  "  WHERE outcome <> ''"

int report_depth_check(struct store *s, struct trg_err *err) {
  static const char text[] =
      "SELECT kind, word, sum(counted), sum(n) FROM (SELECT kind, word, n AS counted, 0 AS n"
      " FROM depth UNION ALL SELECT kind, word, 0, n FROM (" DEPTH_OF_ROWS "))"
      " GROUP BY kind, word HAVING sum(counted) <> sum(n) ORDER BY kind, word LIMIT 1";
  struct sql q;
  int rc = tally_apply(s, err);
  if (rc != 0) return rc;
  sql_read_once(&q, s, text);
  rc = sql_next(&q, err);
  if (rc <= 0) return rc;
  const char *kind = sql_get_text(&q, NULL), *word = sql_get_text(&q, NULL);
  const int64_t counted = sql_get_int(&q), there = sql_get_int(&q);
  (void)err_set(err, TRG_ECORRUPT, "conservation",
                "depth: '%.40s' of '%.60s' is %" PRId64 ", the rows give %" PRId64
                ": something else than triaged changed them; 'triagectl ledger rebuild' counts"
                " them again",
                word, kind, counted, there);
  sql_end(&q);
  return TRG_ECORRUPT;
}

int report_depth_rebuild(struct store *s, struct trg_err *err) {
  static const char clear[] = "DELETE FROM depth";
  static const char fill[] = "INSERT INTO depth (kind, word, n) SELECT * FROM (" DEPTH_OF_ROWS ")";
  int rc = tally_apply(s, err);
  struct sql q;
  if (rc == 0) {
    sql_write(&q, s, clear);
    rc = sql_run(&q, err);
  }
  if (rc == 0) {
    sql_write(&q, s, fill);
    rc = turn_needs(s, sql_run(&q, err), err);
  }
  return rc;
}

/* --- all of them ------------------------------------------------------------------------------ */

int report_check(struct store *s, struct trg_err *err) {
  int64_t day = -1;
  int rc;
  while ((rc = report_day_next(s, day, &day, err)) == 0) {
    rc = report_day_check(s, day, err);
    if (rc != 0) return rc;
  }
  return rc == TRG_ENOTFOUND ? report_depth_check(s, err) : rc;
}

int report_rebuild(struct store *s, struct trg_err *err) {
  int64_t day = -1;
  int rc;
  while ((rc = report_day_next(s, day, &day, err)) == 0) {
    char text[11];
    time_day(day * TALLY_DAY_MS, text);
    rc = wait_says(s, err, "filling the roll-ups of reports: day %s", text);
    if (rc == 0) rc = report_day_rebuild(s, day, err);
    if (rc == 0) rc = turn_flush(s, err);
    if (rc != 0) return rc;
  }
  if (rc == TRG_ENOTFOUND) rc = report_depth_rebuild(s, err);
  return rc == 0 ? turn_flush(s, err) : rc;
}
