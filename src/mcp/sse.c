#include "mcp/sse.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"

#define NAME_MAX_BYTES ((size_t)1024) /* of an event's type and id */

void sse_init(struct sse *s, size_t event_max_bytes) {
  *s = (struct sse){.retry_ms = -1, .event_max = event_max_bytes};
  buf_init(&s->line, event_max_bytes + 64);
  buf_init(&s->data, event_max_bytes);
  buf_init(&s->type, NAME_MAX_BYTES);
  buf_init(&s->id, NAME_MAX_BYTES);
}

void sse_free(struct sse *s) {
  buf_free(&s->line);
  buf_free(&s->data);
  buf_free(&s->type);
  buf_free(&s->id);
}

static int too_large(const struct sse *s, struct trg_err *err) {
  return err_set(err, TRG_ELIMIT, "limit", "an event of the stream is larger than %zu bytes",
                 s->event_max);
}

static bool event_out(struct sse *s, bool (*on_event)(void *arg, const struct sse_event *e),
                      void *arg) {
  const bool has = s->has_data;
  const struct sse_event e = {.type = s->type.n > 0 ? buf_view(&s->type) : TRG_STR("message"),
                              .data = buf_view(&s->data),
                              .id = buf_view(&s->id)};
  const bool more = has ? on_event(arg, &e) : true; /* without data there is no event */
  buf_reset(&s->data);
  buf_reset(&s->type);
  s->has_data = false;
  return more;
}

static void field(struct sse *s, struct trg_str name, struct trg_str value) {
  int64_t ms = 0;
  if (str_is(name, "data")) {
    if (s->has_data) buf_char(&s->data, '\n');
    buf_str(&s->data, value);
    s->has_data = true;
  } else if (str_is(name, "event")) {
    buf_reset(&s->type);
    buf_str(&s->type, value);
  } else if (str_is(name, "id")) {
    if (value.n > 0 && memchr(value.p, '\0', value.n) != NULL) return;
    buf_reset(&s->id);
    buf_str(&s->id, value);
    s->seen_id = true;
  } else if (str_is(name, "retry") && value.n > 0 && value.p[0] >= '0' && value.p[0] <= '9' &&
             str_to_int(value, &ms) == 0) {
    s->retry_ms = ms;
  }
}

/* false: the reader wants no more. */
static bool line_end(struct sse *s, bool (*on_event)(void *arg, const struct sse_event *e),
                     void *arg) {
  struct trg_str line = buf_view(&s->line);
  if (!s->begun && str_starts(line, "\xEF\xBB\xBF"))
    line = (struct trg_str){line.p + 3, line.n - 3};
  s->begun = true;
  bool more = true;
  const char *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
  if (line.n == 0) {
    more = event_out(s, on_event, arg);
  } else if (colon == NULL) {
    field(s, line, (struct trg_str){"", 0});
  } else if (colon != line.p) { /* else a comment */
    const struct trg_str name = {line.p, (size_t)(colon - line.p)};
    struct trg_str value = {colon + 1, line.n - name.n - 1};
    if (value.n > 0 && value.p[0] == ' ') value = (struct trg_str){value.p + 1, value.n - 1};
    field(s, name, value);
  }
  buf_reset(&s->line);
  return more;
}

int sse_take(struct sse *s, struct trg_str piece,
             bool (*on_event)(void *arg, const struct sse_event *e), void *arg,
             struct trg_err *err) {
  size_t from = 0;
  for (size_t i = 0; i < piece.n; i++) {
    const char c = piece.p[i];
    if (c != '\n' && c != '\r') {
      s->after_cr = false;
      continue;
    }
    const bool second = c == '\n' && s->after_cr && i == from; /* of CR LF */
    s->after_cr = c == '\r';
    if (second) {
      s->after_cr = false;
      from = i + 1;
      continue;
    }
    buf_add(&s->line, piece.p + from, i - from);
    from = i + 1;
    if (s->line.over) return too_large(s, err);
    if (!line_end(s, on_event, arg)) return 0;
    if (s->data.over) return too_large(s, err);
  }
  buf_add(&s->line, piece.p + from, piece.n - from);
  return s->line.over ? too_large(s, err) : 0;
}

int sse_finish(struct sse *s, bool (*on_event)(void *arg, const struct sse_event *e), void *arg,
               struct trg_err *err) {
  if (s->line.n > 0 && !line_end(s, on_event, arg)) return 0;
  if (s->data.over) return too_large(s, err);
  (void)event_out(s, on_event, arg);
  return 0;
}

void sse_put(struct buf *out, const char *type, struct trg_str id, struct trg_str data) {
  if (type != NULL) buf_printf(out, "event: %s\n", type);
  if (id.n > 0) buf_printf(out, "id: %.*s\n", (int)id.n, id.p);
  struct trg_str piece, rest = data;
  bool any = false;
  while (str_next(&rest, '\n', &piece)) {
    buf_text(out, "data: ");
    buf_str(out, piece);
    buf_char(out, '\n');
    any = true;
  }
  if (!any) buf_text(out, "data:\n");
  buf_char(out, '\n');
}
