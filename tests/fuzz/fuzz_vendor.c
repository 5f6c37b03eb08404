/* Feeds any bytes to the reader of a vendor's list; what it accepts must add up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "billing/book.h"
#include "billing/vendor.h"
#include "store/store.h"
#include "store/ticket.h"
#include "store/turn.h"

#define NOW INT64_C(1795255200000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct told {
  int64_t count[VENDORS], vendor_micros;
};

static void row(void *arg, const struct vendor_row *r) {
  struct told *t = arg;
  if (r->ref == NULL || r->claim == NULL || r->why == NULL) abort();
  t->count[r->verdict]++;
  t->vendor_micros += r->vendor_micros;
}

/* One ticket that lists may name, in a database of its own. */
static struct store *store_made(void) {
  static char dir[] = "/tmp/fuzz-vendor-XXXXXX";
  const struct ticket_facts f = {
      .helpdesk = TRG_STR("support"), .ext_id = TRG_STR("1"), .created_ms = NOW};
  struct store *s = NULL;
  struct trg_err err = {0};
  int64_t id = 0;
  bool fresh = false;
  if (mkdtemp(dir) == NULL || store_open(dir, &s, &err) != 0) abort();
  if (ticket_put(s, &f, NOW, &id, &fresh, &err) != 0 || turn_flush(s, &err) != 0) abort();
  return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct store *s;
  static struct book *b;
  if (s == NULL) s = store_made();
  if (b == NULL) b = book_builtin();
  struct told t = {0};
  struct vendor_sum n;
  struct trg_err err = {0};
  const struct trg_str csv = {(const char *)bytes, size};
  if (vendor_compare_csv(s, b, csv, 0, 0, NOW, row, &t, &n, &err) != 0) {
    if (err.text[0] == '\0') abort();
    return 0;
  }
  for (int i = 0; i < VENDORS; i++)
    if (t.count[i] != n.count[i]) abort();
  if (t.vendor_micros != n.vendor_micros) abort();
  return 0;
}
