/* What a vendor claims against the evidence. */
#include "test_billing_help.h"

#include "billing/vendor.h"

struct rows {
  char text[1024];
};

static void row_add(void *arg, const struct vendor_row *r) {
  struct rows *k = arg;
  const size_t n = strlen(k->text);
  (void)snprintf(k->text + n, sizeof k->text - n, "%s %s %lld %lld\n", r->ref,
                 vendor_word(r->verdict), (long long)r->vendor_micros,
                 (long long)r->evidence_micros);
}

static int64_t answered_ticket(struct desk *d, const char *ext_id, const char *then) {
  const int64_t id = ticket_made(d, ext_id, TRG_CHANNEL_EMAIL, "ann", false, T0);
  asked(d, id, T0);
  answered(d, id, T0 + MINUTE);
  if (then != NULL) told(d, id, "handoff", "human", then, "", T0 + HOUR);
  return id;
}

static void claim(struct desk *d, int64_t id, const char *value, int64_t at_ms) {
  told(d, id, "vendor", "ai", value, "", at_ms);
}

static void test_claims_among_the_facts_are_judged_in_money(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct rows rows = {""};
  struct vendor_sum n;
  claim(d, answered_ticket(d, "1", NULL), "assumed_resolution", T0 + DAY);
  claim(d, answered_ticket(d, "2", "customer"), "assumed_resolution", T0 + DAY);
  claim(d, answered_ticket(d, "3", NULL), "routed_to_team", T0 + DAY);
  const int64_t unheard = ticket_made(d, "4", TRG_CHANNEL_EMAIL, "ann", false, T0);
  asked(d, unheard, T0);
  claim(d, unheard, "confirmed_resolution", T0 + DAY);
  /* The newest claim counts. */
  const int64_t changed = answered_ticket(d, "5", "customer");
  claim(d, changed, "assumed_resolution", T0 + DAY);
  claim(d, changed, "routed_to_team", T0 + 2 * DAY);
  (void)answered_ticket(d, "6", NULL); /* the vendor said nothing of it */
  /* Its own AI is a bot of the helpdesk. */
  const int64_t bot = ticket_made(d, "7", TRG_CHANNEL_EMAIL, "ann", false, T0);
  asked(d, bot, T0);
  told(d, bot, "msg_out", "rule", "notice", "", T0 + MINUTE);
  claim(d, bot, "resolved", T0 + DAY);
  must(d, turn_flush(d->s, &d->err));
  must(d, vendor_compare_facts(d->s, b, 0, 0, T0 + 9 * DAY, row_add, &rows, &n, &d->err));
  assert_string_equal(rows.text, "support/1 agreed 990000 990000\n"
                                 "support/2 over 990000 0\n"
                                 "support/3 under 0 990000\n"
                                 "support/4 unprovable 990000 0\n"
                                 "support/5 agreed 0 0\n"
                                 "support/7 agreed 990000 990000\n");
  assert_int_equal(n.count[VENDOR_AGREED], 3);
  assert_int_equal(n.micros[VENDOR_AGREED], 2 * 990000);
  assert_int_equal(n.micros[VENDOR_OVER], 990000);
  assert_int_equal(n.micros[VENDOR_UNDER], 990000);
  assert_int_equal(n.micros[VENDOR_UNPROVABLE], 990000);
  assert_int_equal(n.vendor_micros, 4 * 990000);
  book_free(&b);
}

static void test_a_list_of_the_vendor_is_judged_and_what_it_lacks(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct rows rows = {""};
  struct vendor_sum n;
  (void)answered_ticket(d, "1", NULL);
  (void)answered_ticket(d, "2", NULL);
  (void)answered_ticket(d, "3", "customer");
  must(d, turn_flush(d->s, &d->err));
  must(d, vendor_compare_csv(d->s, b,
                             TRG_STR("Amount,ref,outcome\r\n1.20,support/1,\"resolved\"\r\n"
                                     "\r\n,support/9,resolved\r\n0,support/3,\r\n"),
                             0, 0, T0 + 9 * DAY, row_add, &rows, &n, &d->err));
  assert_string_equal(rows.text, "support/1 over 1200000 990000\n"
                                 "support/3 agreed 0 0\n"
                                 "support/9 unprovable 990000 0\n"
                                 "support/2 under 0 990000\n");
  assert_int_equal(n.micros[VENDOR_OVER], 210000);
  book_free(&b);
}

static void test_a_ticket_that_a_list_charges_twice_is_over(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct rows rows = {""};
  struct vendor_sum n;
  for (int i = 1; i <= 12; i++) {
    char ext_id[12];
    (void)snprintf(ext_id, sizeof ext_id, "%d", i);
    (void)answered_ticket(d, ext_id, i > 3 ? "customer" : NULL);
  }
  must(d, turn_flush(d->s, &d->err));
  must(d, vendor_compare_csv(d->s, b,
                             TRG_STR("ref,amount\nsupport/1,0.99\nsupport/2,0.99\n"
                                     "support/12,0\nsupport/1,0.99\nsupport/3,0.50\n"
                                     "support/1,0.99\nsupport/3,0.49\n"),
                             0, 0, T0 + 9 * DAY, row_add, &rows, &n, &d->err));
  assert_string_equal(rows.text, "support/1 over 2970000 990000\n"
                                 "support/12 agreed 0 0\n"
                                 "support/2 agreed 990000 990000\n"
                                 "support/3 agreed 990000 990000\n");
  assert_int_equal(n.micros[VENDOR_OVER], 2 * 990000);
  assert_int_equal(n.vendor_micros, 5 * 990000);
  book_free(&b);
}

/* Lists as spreadsheets and helpdesks write them, each with the same two tickets. */
static void test_lists_of_other_shapes_say_the_same(void **state) {
  static const char *const lists[] = {
      "\xef\xbb\xbfref,amount\r\nsupport/1,0.99\r\nsupport/2,1234.50\r\n",
      "ref;amount\nsupport/1;0,99\nsupport/2;1.234,50\n",
      "\"ref\"\t\"amount\"\nsupport/1\t$0.99\nsupport/2\t1,234.50",
      "id,note,ref,amount\n1,\"he said \"\"no, thanks\"\"\r\nand left\",support/1,0.99\n"
      "2,5\" screen,support/2,\"$1,234.50\"\n",
      "ref,amount\nsupport/1,1.98\nsupport/2,1234.50\nsupport/1,-0.99\n",
      "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,ref,amount\n,,,,,,,,,,,,,,,,,support/1,0.99\n"
      ",,,,,,,,,,,,,,,,, support/2 , 1234.5 \n",
  };
  struct desk *d = *state;
  struct book *b = book_builtin();
  (void)answered_ticket(d, "1", NULL);
  (void)answered_ticket(d, "2", NULL);
  must(d, turn_flush(d->s, &d->err));
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    struct rows rows = {""};
    struct vendor_sum n;
    must(d, vendor_compare_csv(d->s, b, str_of(lists[i]), 0, 0, T0 + 9 * DAY, row_add, &rows, &n,
                               &d->err));
    if (strcmp(rows.text, "support/1 agreed 990000 990000\nsupport/2 over 1234500000 990000\n") !=
        0)
      fail_msg("list %zu: %s", i, rows.text);
  }
  book_free(&b);
}

static void test_a_list_that_is_none_is_refused_with_its_line(void **state) {
  struct desk *d = *state;
  struct book *b = book_builtin();
  struct rows rows = {""};
  struct vendor_sum n;
  static const struct {
    const char *text, *says;
  } bad[] = {{"", "must name ref"},
             {"id,amount\n", "must name ref"},
             {"ref,amount\nsupport/1,much\n", "line 2: \"much\" is no amount"},
             {"ref,amount\nsupport/1,\"1,234\"\n", "\"1,234\" is no amount"},
             {"ref,amount\nsupport/1,\"12,34.50\"\n", "no amount"},
             {"ref,amount\nsupport/1,--1\n", "no amount"},
             {"ref,note,amount\na,\"x\ny\",1\nb,,much\n", "line 4: \"much\""},
             {"ref,amount\n\n,1\n", "line 3: there is no ref"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(
        vendor_compare_csv(d->s, b, str_of(bad[i].text), 0, 0, T0, row_add, &rows, &n, &d->err),
        TRG_EINVAL);
    if (strstr(d->err.text, bad[i].says) == NULL) fail_msg("%s", d->err.text);
  }
  book_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_claims_among_the_facts_are_judged_in_money),
      TEST(test_a_list_of_the_vendor_is_judged_and_what_it_lacks),
      TEST(test_a_ticket_that_a_list_charges_twice_is_over),
      TEST(test_lists_of_other_shapes_say_the_same),
      TEST(test_a_list_that_is_none_is_refused_with_its_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
