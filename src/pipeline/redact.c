#include "pipeline/redact.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"

/* One message of more than this is cut: no person wrote it, and no model should read it. */
#define TEXT_MAX ((size_t)256 << 10)

/* What has no place in text for a model: invisible controls that can hide instructions
 * (zero-width, bidirectional overrides, tag characters) and control characters but tab and line
 * feed. */
static bool is_hidden(uint32_t c) {
  static const struct {
    uint32_t from, to;
  } ranges[] = {{0x00, 0x08},     {0x0b, 0x1f},      {0x7f, 0x9f},     {0xad, 0xad},
                {0x200b, 0x200c}, {0x200e, 0x200f},  {0x202a, 0x202e}, {0x2060, 0x2069},
                {0xfeff, 0xfeff}, {0xe0000, 0xe007f}};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
    if (c >= ranges[i].from && c <= ranges[i].to) return true;
  return false;
}

static struct trg_str text_clean(struct arena *a, struct trg_str s) {
  if (s.n > TEXT_MAX) s.n = utf8_cut(s, TEXT_MAX);
  /* A byte that is not UTF-8 grows to the three of U+FFFD. */
  char *out = arena_alloc(a, s.n * 3 + 1);
  size_t n = 0;
  for (size_t at = 0; at < s.n;) {
    const unsigned char c = (unsigned char)s.p[at];
    if (c < 0x80) {
      at++;
      if (!is_hidden(c)) out[n++] = (char)c;
      continue;
    }
    const uint32_t cp = utf8_next(s, &at);
    if (!is_hidden(cp)) n += utf8_put(out + n, cp);
  }
  return (struct trg_str){out, n};
}

static int mask_one(struct pii_map *m, struct trg_str text, struct arena *a, struct trg_str *ret,
                    struct trg_err *err) {
  struct buf b;
  buf_init(&b, 4 * TEXT_MAX);
  int rc = pii_mask(m, text_clean(a, text), &b, NULL, NULL, err);
  if (rc >= 0 && b.over) rc = err_set(err, TRG_ELIMIT, "redaction", "the masked text is too long");
  if (rc >= 0) *ret = arena_str(a, buf_view(&b));
  buf_free(&b);
  return rc;
}

int redact_ticket(const struct trg_ticket *t, struct pii_map *m, struct arena *a,
                  struct redacted *ret, struct trg_err *err) {
  pii_map_know(m, "EMAIL_ADDRESS", t->requester_email);
  pii_map_know(m, "PERSON", t->requester_name);
  struct redacted out = {0};
  out.messages = arena_alloc(a, sizeof *out.messages * (t->message_count + 1));
  int rc = mask_one(m, t->subject, a, &out.subject, err);
  for (size_t i = 0; i < t->message_count && rc >= 0; i++)
    rc = mask_one(m, t->messages[i].text, a, &out.messages[i], err);
  if (rc >= 0) *ret = out;
  return rc;
}
