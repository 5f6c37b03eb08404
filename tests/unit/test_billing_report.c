/* The report: one struct, four forms that say the same. */
#include "test_billing_help.h"

#include "base/json.h"
#include "billing/report.h"
#include "store/work.h"

static const char *meaning(const char *code) {
  return strcmp(code, "ok") == 0 ? "every check passed & policy allows <sending>" : code;
}

static void called(struct desk *d, int64_t ticket, const char *model, int64_t cost, int64_t at_ms) {
  struct model_call c = {.ticket_id = ticket,
                         .ref = "",
                         .task = "draft",
                         .model = model,
                         .backend = "x",
                         .vendor_model = "x",
                         .started_ms = at_ms,
                         .outcome = "",
                         .code = "",
                         .why = "",
                         .stop = "",
                         .served = "",
                         .request_id = "",
                         .prompt_hash = "",
                         .skills_hash = "",
                         .conf_hash = ""};
  must(d, model_call_open(d->s, &c, 0, &c.id, &d->err));
  c.outcome = "ok";
  c.ended_ms = at_ms + 800;
  c.latency_us = 300000 + cost * 17;
  c.cost_micros = cost;
  c.usage.input = 900;
  c.usage.output = 120;
  must(d, model_call_close(d->s, &c, &d->err));
}

static void judged(struct desk *d, int64_t id, const char *outcome, const char *reason, int i) {
  static const char *const categories[] = {"shipping", "refunds & returns", "how-to", "billing"};
  const struct ticket_verdict v = {.category = str_of(categories[i % 4]),
                                   .model = TRG_STR("haiku"),
                                   .priority = TRG_STR("P3"),
                                   .language = TRG_STR("en"),
                                   .confidence = 0.9};
  must(d, ticket_judge(d->s, id, &v, T0, &d->err));
  must(d, ticket_outcome(d->s, id, str_of(outcome), str_of(reason), T0, &d->err));
}

/* n tickets over ten days: confirmed, silent, handed off, returned, waiting in turn. */
static void filled(struct desk *d, const struct book *b, int n) {
  const int64_t end = T0 + 25 * DAY;
  for (int i = 0; i < n; i++) {
    const int64_t at = T0 + (i * 7 % 10) * DAY + i * MINUTE;
    const int64_t id = ticket_made(d, arena_printf(d->a, "%d", i + 1), i % 2 == 0 ? 1 : 3, "ann",
                                   false, at);
    asked(d, id, at);
    if (i % 7 == 6) continue; /* waits */
    called(d, id, "haiku", 2000 + 137 * (i % 11), at + 1000);
    if (i % 3 != 0) called(d, id, "sonnet", 21000 + 977 * (i % 13), at + 2000);
    judged(d, id, i % 7 == 2 ? "handoff" : "sent", i % 7 == 2 ? "safety" : "ok", i);
    if (i % 7 == 2) {
      told(d, id, "handoff", "ai", "policy", "", at + MINUTE);
    } else {
      answered(d, id, at + MINUTE);
      if (i % 7 < 2) told(d, id, "signal", "customer", "confirm", "", at + HOUR);
      if (i % 7 == 4) asked(d, id, at + 5 * DAY);
    }
    (void)settle(d, b, id, end);
  }
}

static void made(struct desk *d, const char *by, struct report *r) {
  must(d, report_make(d->s, by, 0, 0, T0 + 25 * DAY, "per-resolution", d->a, r, &d->err));
  r->meaning = meaning;
}

static char *form(const struct report *r, void (*fn)(const struct report *, struct buf *)) {
  struct buf b;
  buf_init(&b, 0);
  fn(r, &b);
  assert_false(b.over);
  return buf_take(&b, NULL);
}

static void row_identities(const json *row) {
  const int64_t triaged = json_get_int(row, "triaged", -1);
  assert_int_equal(json_get_int(row, "tickets", -1),
                   triaged + json_get_int(row, "waiting", -1) + json_get_int(row, "failed", -1));
  assert_int_equal(triaged, json_get_int(row, "open", -1) + json_get_int(row, "resolved", -1) +
                                json_get_int(row, "excluded", -1) + json_get_int(row, "held", -1) +
                                json_get_int(row, "reversed", -1));
  int64_t charged = 0, cost = 0, margin = 0, each = 0, ought = 0;
  assert_int_equal(money_parse(json_get_str(row, "charged"), &charged), 0);
  assert_int_equal(money_parse(json_get_str(row, "model_cost"), &cost), 0);
  assert_int_equal(money_parse(json_get_str(row, "margin"), &margin), 0);
  assert_int_equal(money_parse(json_get_str(row, "model_cost_per_resolution"), &each), 0);
  assert_int_equal(margin, charged - cost);
  const int64_t resolved = json_get_int(row, "resolved", -1);
  if (resolved > 0) assert_int_equal(money_scale(cost, 1, resolved, &ought), 0);
  assert_int_equal(each, ought);
}

static void test_json_has_the_fixed_shape_and_its_identities_hold(void **state) {
  static const char *const keys[] = {
      "key",      "tickets",    "triaged", "waiting",
      "failed",   "drafted",    "sent",    "open",
      "resolved", "excluded",   "held",    "reversed",
      "charged",  "model_cost", "margin",  "model_cost_per_resolution"};
  static const char *const groups[] = {"helpdesk", "category", "model", "day", "month"};
  struct desk *d = *state;
  struct book *b = book_builtin();
  filled(d, b, 60);
  for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
    struct report r;
    made(d, groups[g], &r);
    assert_true(r.conserved);
    char *text = form(&r, report_json);
    json *j = json_parse(str_of(text), JSON_UNIQUE_KEYS, &d->err);
    assert_non_null(j);
    assert_string_equal(json_key(json_first(j)), "from");
    const json *rows = json_get(j, "rows"), *total = json_get(j, "total");
    int64_t tickets = 0;
    for (const json *row = json_first(rows); row != NULL; row = json_next(row)) {
      const json *k = json_first(row);
      for (size_t i = 0; i < sizeof keys / sizeof *keys; i++, k = json_next(k))
        assert_string_equal(json_key(k), keys[i]);
      row_identities(row);
      tickets += json_get_int(row, "tickets", 0);
    }
    row_identities(total);
    assert_int_equal(tickets, 60);
    assert_int_equal(json_get_int(total, "tickets", 0), 60);
    assert_true(str_is(json_get_str(total, "key"), "total"));
    assert_true(str_is(json_get_str(j, "from"), "2026-11-02"));
    assert_true(str_is(json_get_str(j, "to"), "2026-11-11"));
    json_free(&j);
    mem_free(text);
  }
  book_free(&b);
}

static void test_empty_report_is_zeroes_in_every_form(void **state) {
  struct desk *d = *state;
  struct report r;
  made(d, "helpdesk", &r);
  char *json_is = form(&r, report_json), *html = form(&r, report_html);
  assert_non_null(strstr(json_is, "\"rows\":[]"));
  assert_non_null(strstr(json_is, "\"model_cost_per_resolution\":\"0.000000\""));
  assert_non_null(strstr(html, "no tickets"));
  mem_free(json_is);
  mem_free(html);
  struct buf b;
  buf_init(&b, 0);
  report_table(&r, false, 0, &b);
  assert_non_null(strstr(b.p, "0 of 0 triaged (-)"));
  buf_free(&b);
}

static void test_a_narrow_terminal_gets_fewer_columns_and_a_pipe_all(void **state) {
  struct desk *d = *state;
  struct report r;
  struct report_row rows[1] = {{.key = "a-helpdesk-with-a-name-that-is-far-too-long-for-a-column",
                                .tickets = 1200,
                                .triaged = 1190,
                                .resolved = 900,
                                .charged_micros = INT64_C(891000000),
                                .model_cost_micros = INT64_C(28525500)}};
  made(d, "helpdesk", &r);
  r.rows = rows;
  r.row_count = 1;
  r.total = rows[0];
  r.total.key = "total";
  struct buf narrow, whole;
  buf_init(&narrow, 0);
  buf_init(&whole, 0);
  report_table(&r, false, 80, &narrow);
  report_table(&r, false, 0, &whole);
  assert_non_null(strstr(whole.p, "model/res"));
  struct trg_str rest = str_of(strstr(narrow.p, "\nhelpdesk") + 1), line;
  assert_non_null(strstr(rest.p, "tickets"));
  assert_non_null(strstr(rest.p, "resolved"));
  assert_non_null(strstr(rest.p, "charged"));
  assert_null(strstr(rest.p, "model/res"));
  rest = buf_view(&narrow); /* the headline too, which says the same in more lines */
  while (str_next(&rest, '\n', &line)) assert_true(utf8_length(line) <= 80);
  assert_non_null(strstr(whole.p, "95th percentile $0.0000 of a resolved ticket\n"));
  assert_non_null(
      strstr(narrow.p, "95th percentile $0.0000 of\n              a resolved ticket\n"));
  buf_reset(&narrow);
  report_table(&r, true, 1000, &narrow);
  buf_reset(&whole);
  report_table(&r, true, 0, &whole);
  assert_string_equal(narrow.p, whole.p);
  buf_free(&narrow);
  buf_free(&whole);
}

static void test_table_fits_in_120_columns_and_is_aligned(void **state) {
  struct desk *d = *state;
  struct report r;
  struct report_row rows[2] = {{.key = "a-helpdesk-with-a-name-that-is-far-too-long-for-a-column",
                                .tickets = 1234567,
                                .triaged = 1200000,
                                .resolved = 900000,
                                .charged_micros = INT64_C(891000123456),
                                .model_cost_micros = INT64_C(28525500000)},
                               {.key = "größe", .tickets = 1}};
  made(d, "helpdesk", &r);
  r.rows = rows;
  r.row_count = 2;
  r.total = rows[0];
  r.total.key = "total";
  for (int colour = 0; colour < 1; colour++) {
    struct buf b;
    buf_init(&b, 0);
    report_table(&r, colour == 1, 0, &b);
    struct trg_str rest = buf_view(&b), line;
    size_t width = 0;
    while (str_next(&rest, '\n', &line)) {
      assert_true(utf8_length(line) <= 120);
      if (str_starts(line, "größe")) width = utf8_length(line);
      if (str_starts(line, "total")) assert_int_equal(utf8_length(line), width);
    }
    assert_true(width > 0);
    buf_free(&b);
  }
}

static void test_csv_has_a_line_for_each_row_and_no_formula(void **state) {
  struct desk *d = *state;
  struct report r;
  struct report_row rows[] = {{.key = "=HYPERLINK(\"x\")"}, {.key = "a,b"}};
  made(d, "helpdesk", &r);
  r.rows = rows;
  r.row_count = 2;
  char *text = form(&r, report_csv);
  assert_non_null(strstr(text, "\"'=HYPERLINK(\"\"x\"\")\",0,"));
  assert_non_null(strstr(text, "\"a,b\",0,"));
  assert_non_null(strstr(text, "\r\ntotal,"));
  mem_free(text);
}

/* Opening and closing tags pair up; returns the number of elements. */
static size_t tags_balance(const char *html) {
  static const char *const single[] = {"meta", "rect", "line", "!DOCTYPE"};
  char open[64][16];
  size_t depth = 0, count = 0;
  for (const char *p = strchr(html, '<'); p != NULL; p = strchr(p + 1, '<')) {
    char name[16] = "";
    const bool closes = p[1] == '/';
    const char *end = strchr(p, '>');
    assert_non_null(end);
    size_t n = strcspn(p + 1 + closes, " >/\n");
    assert_true(n > 0 && n < sizeof name);
    memcpy(name, p + 1 + closes, n);
    bool alone = end[-1] == '/';
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
      alone = alone || (strcmp(name, single[i]) == 0 && strcmp(name, "rect") != 0);
    if (alone) continue;
    if (closes) {
      assert_true(depth > 0);
      assert_string_equal(open[--depth], name);
    } else {
      assert_true(depth < 64);
      (void)strcpy(open[depth++], name);
      count++;
    }
  }
  assert_int_equal(depth, 0);
  return count;
}

static void test_html_is_one_file_that_needs_nothing_else(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct report r;
  filled(d, b, 90);
  made(d, "category", &r);
  char *html = form(&r, report_html);
  static const char *const never[] = {"http:",   "https:",  "src=",  "href=",   "url(",
                                      "@import", "<script", "<link", "<iframe", "//"};
  for (size_t i = 0; i < sizeof never / sizeof *never; i++)
    if (strstr(html, never[i]) != NULL) fail_msg("the page has %s", never[i]);
  assert_true(tags_balance(html) > 200);
  assert_non_null(strstr(html, "refunds &amp; returns"));
  assert_non_null(strstr(html, "policy allows &lt;sending&gt;"));
  assert_non_null(strstr(html, "prefers-color-scheme:dark"));
  assert_non_null(strstr(html, "@media print"));
  for (const char *p = strstr(html, "<svg"); p != NULL; p = strstr(p + 1, "<svg"))
    assert_true(strncmp(strchr(p, '>') + 1, "<title", 6) == 0);
  const char *keep = getenv("REPORT_HTML");
  if (keep != NULL) must(d, file_write(keep, str_of(html), 0644, &d->err));
  const char *table = getenv("REPORT_TABLE");
  if (table != NULL) {
    struct buf t;
    buf_init(&t, 0);
    report_table(&r, true, 0, &t);
    must(d, file_write(table, buf_view(&t), 0644, &d->err));
    buf_free(&t);
  }
  mem_free(html);
  book_free(&b);
}

static void test_days_without_tickets_stand_in_the_chart(void **state) {
  struct desk *d = *state;
  struct report r;
  (void)ticket_made(d, "1", TRG_CHANNEL_EMAIL, "ann", false, T0);
  (void)ticket_made(d, "2", TRG_CHANNEL_EMAIL, "ann", false, T0 + 4 * DAY);
  made(d, "helpdesk", &r);
  assert_int_equal(r.day_count, 5);
  assert_string_equal(r.days[1].key, "2026-11-03");
  assert_int_equal(r.days[1].tickets, 0);
  assert_int_equal(r.days[4].tickets, 1);
  assert_true(r.conserved);
}

static void test_rates_percentiles_and_losses_are_those_of_the_tickets(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  static const int64_t costs[] = {100, 300, 200, 5000000};
  for (int i = 0; i < 4; i++) {
    const int64_t id = ticket_made(d, arena_printf(d->a, "%d", i), 1, "ann", false, T0);
    asked(d, id, T0);
    called(d, id, "haiku", costs[i], T0 + 1000);
    judged(d, id, "sent", "ok", 0);
    answered(d, id, T0 + MINUTE);
    if (i == 0) told(d, id, "reopen", "human", "", "", T0 + 4 * DAY);
    (void)settle(d, b, id, T0 + 9 * DAY);
  }
  struct report r;
  must(d, turn_flush(d->s, &d->err));
  must(d, report_make(d->s, "helpdesk", 0, 0, T0 + 9 * DAY, "per-resolution", d->a, &r, &d->err));
  assert_int_equal(r.row_count, 1);
  assert_int_equal(r.rows[0].resolved, 3);
  assert_int_equal(r.rows[0].cost_p50_micros, 300); /* of 200, 300, 5000000 */
  assert_int_equal(r.rows[0].cost_p95_micros, 5000000);
  assert_int_equal(r.total.cost_p50_micros, 300);
  /* One costs more than it earned; the one that was reopened never was charged. */
  assert_int_equal(r.loss_total, 1);
  assert_string_equal(r.losses[0].ref, "support/3");
  assert_int_equal(r.loss_micros, 5000000 - 990000);
  struct buf out;
  buf_init(&out, 0);
  report_json(&r, &out);
  assert_non_null(strstr(out.p, "\"resolution_rate\":{\"numerator\":3,\"denominator\":4,"
                                "\"percent\":75}"));
  assert_non_null(strstr(out.p, "\"reopen_rate\":{\"numerator\":1,\"denominator\":4,"
                                "\"percent\":25}"));
  buf_free(&out);
  book_free(&b);
}

static void test_a_gap_is_told_in_every_form(void **state) {
  struct desk *d = *state;
  struct report r;
  made(d, "helpdesk", &r);
  r.conserved = false;
  r.gap = "tickets do not add up";
  char *html = form(&r, report_html), *text = form(&r, report_json);
  assert_non_null(strstr(html, "tickets do not add up"));
  assert_non_null(strstr(text, "\"conserved\":false,\"gap\":\"tickets do not add up\""));
  mem_free(html);
  mem_free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_json_has_the_fixed_shape_and_its_identities_hold),
      TEST(test_empty_report_is_zeroes_in_every_form),
      TEST(test_a_narrow_terminal_gets_fewer_columns_and_a_pipe_all),
      TEST(test_table_fits_in_120_columns_and_is_aligned),
      TEST(test_csv_has_a_line_for_each_row_and_no_formula),
      TEST(test_html_is_one_file_that_needs_nothing_else),
      TEST(test_days_without_tickets_stand_in_the_chart),
      TEST(test_rates_percentiles_and_losses_are_those_of_the_tickets),
      TEST(test_a_gap_is_told_in_every_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
