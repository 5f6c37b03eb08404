#include "billing/export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/sign.h"
#include "base/str.h"
#include "base/time.h"
#include "store/ledger.h"

#define CANNOT_WRITE    "the export cannot be written: is the disk full?"
#define FORMAT          "triaged-ledger-1"
#define ENTRY_BYTES_MAX ((size_t)4 << 20)

/* What is signed: one short line, so that any tool can make it again. */
static void signed_text(const char *sha256, char out[96]) {
  (void)snprintf(out, 96, FORMAT " %s\n", sha256);
}

static void hash_hex_end(struct hash **h, char out[HASH_HEX_MAX]) {
  uint8_t sum[HASH_BYTES];
  hash_end(h, sum);
  hex_encode(sum, sizeof sum, out);
}

/* --- writing ---------------------------------------------------------------------------------- */

struct writing {
  FILE *out;
  struct hash *hash;
  int64_t entries;
  char head[LEDGER_HASH_MAX];
};

static int put(struct writing *w, struct trg_str text, struct trg_err *err) {
  hash_add(w->hash, text);
  if (fwrite(text.p, 1, text.n, w->out) == text.n) return 0;
  return err_set(err, TRG_EIO, "write", CANNOT_WRITE);
}

static int put_line(void *arg, const struct ledger_line *l) {
  struct writing *w = arg;
  char *text = ledger_canonical(l);
  struct buf b;
  buf_init(&b, 0);
  buf_add(&b, text, strlen(text) - 1); /* without the closing brace */
  buf_printf(&b, ",\"hash\":\"%s\"}\n", l->hash);
  mem_free(text);
  const int rc = put(w, buf_view(&b), NULL);
  buf_free(&b);
  w->entries++;
  (void)snprintf(w->head, sizeof w->head, "%s", l->hash);
  return rc;
}

static int put_head(struct writing *w, const char *public_pem, int64_t now_ms,
                    struct trg_err *err) {
  json *o = json_object();
  json_put_text(o, "format", FORMAT);
  json_put_time(o, "made", now_ms / 1000 * 1000);
  json_put_text(o, "public_key", public_pem);
  char *text = json_text(o);
  json_free(&o);
  int rc = put(w, str_of(text), err);
  if (rc == 0) rc = put(w, TRG_STR("\n"), err);
  mem_free(text);
  return rc;
}

static void end_text(const struct export_seen *of, const char *sha256,
                     const uint8_t signature[SIGN_BYTES], struct buf *out) {
  char hex[SIGN_BYTES * 2 + 1];
  hex_encode(signature, SIGN_BYTES, hex);
  buf_printf(out,
             "{\"entries\":%" PRId64 ",\"head\":\"%s\",\"sha256\":\"%s\",\"signature\":\"%s\"}",
             of->entries, of->head, sha256, hex);
}

static int put_end(struct writing *w, struct trg_str private_pem, struct trg_err *err) {
  char sha[HASH_HEX_MAX], text[96];
  uint8_t signature[SIGN_BYTES];
  hash_hex_end(&w->hash, sha);
  signed_text(sha, text);
  const int rc = sign_make(private_pem, str_of(text), signature, err);
  if (rc != 0) return rc;
  struct export_seen of = {.entries = w->entries};
  (void)snprintf(of.head, sizeof of.head, "%s", w->head);
  struct buf b;
  buf_init(&b, 0);
  end_text(&of, sha, signature, &b);
  const bool written = fprintf(w->out, "%s\n", b.p) > 0 && fflush(w->out) == 0;
  buf_free(&b);
  return written ? 0 : err_set(err, TRG_EIO, "write", CANNOT_WRITE);
}

int export_write(struct store *reader, struct trg_str private_pem, int64_t now_ms, FILE *out,
                 int64_t *ret_entries, struct trg_err *err) {
  char *public_pem = NULL;
  int rc = sign_public(private_pem, &public_pem, err);
  if (rc != 0) return rc;
  struct writing w = {.out = out, .hash = hash_new()};
  rc = put_head(&w, public_pem, now_ms, err);
  if (rc == 0) rc = ledger_each(reader, INT64_MIN, 0, put_line, &w, err);
  if (rc == TRG_EIO && err->text[0] == '\0') rc = err_set(err, TRG_EIO, "write", CANNOT_WRITE);
  if (rc == 0) rc = put_end(&w, private_pem, err);
  if (w.hash != NULL) {
    uint8_t unused[HASH_BYTES];
    hash_end(&w.hash, unused);
  }
  mem_free(public_pem);
  *ret_entries = w.entries;
  return rc;
}

/* --- checking --------------------------------------------------------------------------------- */

struct checking {
  FILE *in;
  struct hash *hash;
  char *line;
  size_t room;
  char *public_pem;
  struct export_seen *seen;
};

/* The next line without its end, or empty at the end of the file. */
static int next_line(struct checking *k, struct trg_str *ret, struct trg_err *err) {
  const ssize_t n = getline(&k->line, &k->room, k->in);
  *ret = (struct trg_str){k->line, 0};
  if (n < 0) {
    if (ferror(k->in)) return err_set(err, TRG_EIO, "read", "the export cannot be read");
    return 0;
  }
  if ((size_t)n > ENTRY_BYTES_MAX || n < 2 || k->line[n - 1] != '\n')
    return err_set(err, TRG_ECORRUPT, "export", "the line after ledger line %" PRId64 " is cut off",
                   k->seen->entries);
  *ret = (struct trg_str){k->line, (size_t)n - 1};
  return 0;
}

static void count_in(struct checking *k, struct trg_str line) {
  hash_add(k->hash, line);
  hash_add(k->hash, TRG_STR("\n"));
}

static int read_head(struct checking *k, struct trg_err *err) {
  struct trg_str line;
  int rc = next_line(k, &line, err);
  if (rc != 0) return rc;
  json *o = json_parse(line, JSON_UNIQUE_KEYS, NULL);
  const bool ours = str_is(json_get_str(o, "format"), FORMAT);
  k->public_pem = mem_dup_str(json_get_str(o, "public_key"));
  json_free(&o);
  count_in(k, line);
  return ours ? 0
              : err_set(err, TRG_EINVAL, "export",
                        "this is no signed export of a ledger: it does not begin with {\"format\":"
                        "\"" FORMAT "\"");
}

static int bad_entry(struct checking *k, struct trg_err *err, const char *what) {
  k->seen->bad = k->seen->entries + 1;
  return err_set(err, TRG_ECORRUPT, "export", "ledger line %" PRId64 " %s", k->seen->bad, what);
}

/* A text or number member of a canonical line. Quotes within values are escaped, so the name
 * between its quotes is found once. */
static struct trg_str member(struct trg_str line, const char *name) {
  char mark[40];
  (void)snprintf(mark, sizeof mark, "\"%s\":", name);
  const ptrdiff_t at = str_find(line, mark);
  if (at < 0) return (struct trg_str){0};
  struct trg_str v = {line.p + at + strlen(mark), line.n - (size_t)at - strlen(mark)};
  const bool text = v.n > 0 && v.p[0] == '"';
  if (text) v = (struct trg_str){v.p + 1, v.n - 1};
  size_t n = 0;
  while (n < v.n && v.p[n] != '"' && (text || (v.p[n] != ',' && v.p[n] != '}'))) n++;
  v.n = n;
  return v;
}

static int check_entry(struct checking *k, struct trg_str line, struct trg_err *err) {
  static const char tail[] = ",\"hash\":\"";
  const size_t tail_n = sizeof tail - 1 + 64 + 2; /* ,"hash":"..."} */
  char sum[HASH_HEX_MAX];
  int64_t seq = 0, amount = 0;
  if (line.n <= tail_n || memcmp(line.p + line.n - tail_n, tail, sizeof tail - 1) != 0 ||
      !str_ends(line, "\"}"))
    return bad_entry(k, err, "has no hash");
  const struct trg_str told = {line.p + line.n - 66, 64};
  struct buf b;
  buf_init(&b, 0);
  buf_add(&b, line.p, line.n - tail_n);
  buf_char(&b, '}');
  (void)hash_hex(buf_view(&b), sum);
  const bool same = str_is(told, sum);
  buf_free(&b);
  if (str_to_int(member(line, "seq"), &seq) != 0 || seq != k->seen->entries + 1)
    return bad_entry(k, err, "is missing");
  if (!same) return bad_entry(k, err, "does not match its hash");
  if (!str_is(member(line, "prev_hash"), k->seen->head))
    return bad_entry(k, err, "does not follow the line before it");
  if (str_to_int(member(line, "amount_micros"), &amount) != 0 ||
      money_add(k->seen->amount_micros, amount, &k->seen->amount_micros) != 0)
    return bad_entry(k, err, "has no amount that can be right");
  (void)snprintf(k->seen->head, sizeof k->seen->head, "%s", sum);
  k->seen->entries++;
  return 0;
}

static int check_end(struct checking *k, struct trg_str line, struct trg_str public_pem,
                     struct trg_err *err) {
  char sha[HASH_HEX_MAX], text[96];
  uint8_t signature[SIGN_BYTES];
  struct trg_str more;
  hash_hex_end(&k->hash, sha);
  int64_t entries = -1;
  if (str_to_int(member(line, "entries"), &entries) != 0 || entries != k->seen->entries)
    return bad_entry(k, err, "is missing at the end");
  if (hex_decode(member(line, "signature"), signature, sizeof signature) != 0)
    return err_set(err, TRG_ECORRUPT, "export", "the file has no signature");
  struct buf b;
  buf_init(&b, 0);
  end_text(k->seen, sha, signature, &b);
  const bool same = str_eq(line, buf_view(&b));
  buf_free(&b);
  if (!same)
    return err_set(err, TRG_ECORRUPT, "export",
                   "the file is not as it was written, though every ledger line is");
  signed_text(sha, text);
  int rc = sign_check(public_pem.n > 0 ? public_pem : str_of(k->public_pem), str_of(text),
                      signature, err);
  if (rc == 0) rc = next_line(k, &more, err);
  if (rc == 0 && more.n > 0)
    rc = err_set(err, TRG_ECORRUPT, "export", "something was added after the signature");
  return rc;
}

static int check_all(struct checking *k, struct trg_str public_pem, struct trg_err *err) {
  struct trg_str line;
  int rc = read_head(k, err);
  while (rc == 0) {
    rc = next_line(k, &line, err);
    if (rc != 0) return rc;
    if (line.n == 0)
      return bad_entry(k, err, "and all that follow, the signature too, are cut off");
    if (str_starts(line, "{\"entries\":")) return check_end(k, line, public_pem, err);
    rc = check_entry(k, line, err);
    if (rc == 0) count_in(k, line);
  }
  return rc;
}

int export_check(FILE *in, struct trg_str public_pem, struct export_seen *ret,
                 struct trg_err *err) {
  *ret = (struct export_seen){0};
  struct checking k = {.in = in, .hash = hash_new(), .seen = ret};
  const int rc = check_all(&k, public_pem, err);
  (void)hash_hex(public_pem.n > 0 ? public_pem : str_of(k.public_pem), ret->fingerprint);
  if (k.hash != NULL) {
    uint8_t unused[HASH_BYTES];
    hash_end(&k.hash, unused);
  }
  mem_free(k.public_pem);
  free(k.line); /* getline's */
  return rc;
}
