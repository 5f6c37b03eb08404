/* What a model would see of a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "cmd/out.h"

#define INPUT_MAX ((size_t)1 << 30)

static const struct out_column columns[] = {
    {"type", OUT_TEXT, 0}, {"start", OUT_INT, 0}, {"end", OUT_INT, 0}, {"token", OUT_TEXT, 0}};

struct masked {
  struct buf text;
  struct pii_span *spans;
  size_t count;
};

static void masked_free(struct masked *m) {
  buf_free(&m->text);
  mem_free(m->spans);
}

static int mask(struct trg_str input, unsigned profiles, struct masked *ret, struct trg_err *err) {
  struct pii_map *map = pii_map_new();
  pii_map_profiles(map, profiles);
  *ret = (struct masked){0};
  buf_init(&ret->text, INPUT_MAX * 4);
  int rc = pii_mask(map, input, &ret->text, &ret->spans, &ret->count, err);
  if (rc >= 0 && ret->text.over)
    rc = err_set(err, TRG_ELIMIT, "redaction", "the masked text is too long");
  pii_map_free(&map);
  return rc;
}

/* Spans with their tokens. What lies between spans is unchanged, so each token is found where its
 * span begins in the masked text. */
static struct out_table *spans_table(const struct masked *m) {
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  size_t in = 0, out = 0;
  for (size_t i = 0; i < m->count; i++) {
    const struct pii_span *s = &m->spans[i];
    out += s->start - in;
    BUG_UNLESS(out < m->text.n && m->text.p[out] == '[');
    const char *close = memchr(m->text.p + out, ']', m->text.n - out);
    BUG_UNLESS(close != NULL);
    const size_t n = (size_t)(close - (m->text.p + out)) + 1;
    char token[80];
    snprintf(token, sizeof token, "%.*s", (int)n, m->text.p + out);
    out_text(t, s->type);
    out_int(t, (int64_t)s->start);
    out_int(t, (int64_t)s->end);
    out_text(t, token);
    in = s->end;
    out += n;
  }
  return t;
}

static json *masked_json(const struct masked *m) {
  json *o = json_object();
  struct out_table *t = spans_table(m);
  json_put_str(o, "text", buf_view(&m->text));
  json_put(o, "spans", out_table_json(t));
  out_table_free(&t);
  return o;
}

/* --- one text ------------------------------------------------------------------------------ */

static int redact_whole(const struct cmd_call *c, unsigned profiles) {
  struct trg_err err = {0};
  struct buf input;
  struct masked m = {0};
  char piece[65536];
  size_t n;
  buf_init(&input, INPUT_MAX);
  while ((n = fread(piece, 1, sizeof piece, stdin)) > 0 && !input.over) buf_add(&input, piece, n);
  int status = CMD_OK;
  if (ferror(stdin))
    status = cmd_fail(CMD_FAILED, "standard input cannot be read");
  else if (input.over)
    status = cmd_fail(CMD_FAILED, "standard input is larger than 1 GiB: split it");
  else if (mask(buf_view(&input), profiles, &m, &err) < 0)
    status = cmd_fail(CMD_FAILED, "%s", err.text);
  if (status == 0 && c->format == OUT_JSON) {
    json *o = masked_json(&m);
    (void)out_document_print(o, c);
    json_free(&o);
  } else if (status == 0 && c->format == OUT_CSV) {
    struct out_table *t = spans_table(&m);
    out_table_print(t, c, NULL);
    out_table_free(&t);
  } else if (status == 0) {
    out_buf_print(&m.text);
  }
  masked_free(&m);
  buf_free(&input);
  return status;
}

/* --- a text a line ------------------------------------------------------------------------- */

static int redact_line(struct trg_str line, unsigned profiles, struct trg_err *err) {
  json *in = json_parse(line, 0, err);
  if (in == NULL) return TRG_EINVAL;
  struct masked m = {0};
  int rc = 0;
  if (!json_is_string(json_get(in, "text")))
    rc = err_set(err, TRG_EINVAL, "format",
                 "no \"text\"; a line is {\"id\":\"1\",\"text\":\"...\"}");
  else
    rc = mask(json_get_str(in, "text"), profiles, &m, err);
  if (rc >= 0) {
    json *id = json_get(in, "id"), *o = json_object();
    char *id_text = id != NULL ? json_text(id) : NULL;
    if (id_text != NULL) json_put(o, "id", json_parse(str_of(id_text), 0, err));
    json *found = masked_json(&m);
    json_put_str(o, "text", json_get_str(found, "text"));
    char *spans = json_text(json_get(found, "spans"));
    json_put(o, "spans", json_parse(str_of(spans), 0, err));
    char *text = json_text(o);
    puts(text);
    mem_free(text);
    mem_free(spans);
    mem_free(id_text);
    json_free(&found);
    json_free(&o);
  }
  masked_free(&m);
  json_free(&in);
  return rc;
}

static int redact_lines(unsigned profiles) {
  char *line = NULL;
  size_t room = 0;
  int status = CMD_OK;
  ssize_t n;
  for (long number = 1; (n = getline(&line, &room, stdin)) >= 0; number++) {
    struct trg_err err = {0};
    const struct trg_str s = str_trim((struct trg_str){line, (size_t)n});
    if (s.n > 0 && redact_line(s, profiles, &err) < 0)
      status = cmd_fail(CMD_FAILED, "standard input, line %ld: %s; the line is left out", number,
                        err.text);
  }
  free(line);
  return ferror(stdin) ? cmd_fail(CMD_FAILED, "standard input cannot be read") : status;
}

static int profiles_read(const char *text, unsigned *ret) {
  struct trg_str rest = str_of(text), piece;
  while (str_next(&rest, ',', &piece)) {
    char name[16];
    snprintf(name, sizeof name, "%.*s", (int)piece.n, piece.p != NULL ? piece.p : "");
    const int bits = pii_profile_of(name);
    if (bits < 0)
      return cmd_fail(CMD_USAGE, "there is no profile \"%.*s\"; there are pci, hipaa, sox, gdpr",
                      (int)piece.n, piece.p != NULL ? piece.p : "");
    *ret |= (unsigned)bits;
  }
  return CMD_OK;
}

static int redact_run(const struct cmd_call *c) {
  unsigned profiles = 0;
  const int status = profiles_read(call_value(c, "profile"), &profiles);
  if (status != 0) return status;
  return call_has(c, "jsonl") ? redact_lines(profiles) : redact_whole(c, profiles);
}

static const struct cmd_option options[] = {
    {"profile", "NAMES", "pci, hipaa, sox, gdpr, with commas: what these templates mask more",
     false},
    {"jsonl", NULL, "each line is {\"id\",\"text\"}, and so is each line of output, with its spans",
     false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_redact = {
    .name = "redact",
    .args = "",
    .summary = "mask personal data: standard input to output",
    .help = "--format json gives {\"text\",\"spans\":[{\"type\",\"start\",\"end\",\"token\"}]} "
            "with byte "
            "offsets\ninto the input, csv the spans alone. Needs no configuration.",
    .options = options,
    .run = redact_run,
};
