#include "pipeline/thread.h"

#include <ctype.h>
#include <string.h>
#include <triaged/connector.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "skill/skill.h"
#include "store/talk.h"

#define GIST_MAX      ((size_t)320) /* of one earlier message */
#define SENTENCES_MAX 40
#define MESSAGE_MAX   ((size_t)8000) /* of one message in a prompt */

const char *thread_author(int32_t author) {
  switch (author) {
  case TRG_AUTHOR_CUSTOMER:
    return "customer";
  case TRG_AUTHOR_AGENT:
    return "agent";
  case TRG_AUTHOR_SELF:
    return "assistant";
  default:
    return "system";
  }
}

/* --- one message -------------------------------------------------------------------------------
 */

struct sentence {
  struct trg_str text;
  bool kept;
};

/* Lines that say nothing: quotes, greetings, sign-offs. */
static bool line_is_idle(struct trg_str line) {
  if (line.n == 0 || line.p[0] == '>' || str_starts(line, "--")) return true;
  const char last = line.p[line.n - 1];
  size_t words = 1;
  for (size_t i = 0; i < line.n; i++) words += line.p[i] == ' ';
  return words <= 4 && (last == ',' || (last == ':' && words <= 2));
}

static bool ends_here(struct trg_str s, size_t i) {
  return strchr(".!?", s.p[i]) != NULL && (i + 1 == s.n || isspace((unsigned char)s.p[i + 1]));
}

static size_t sentences_of(struct trg_str text, struct sentence *list) {
  struct trg_str rest = text, line;
  size_t n = 0;
  while (str_next(&rest, '\n', &line)) {
    line = str_trim(line);
    if (line_is_idle(line)) continue;
    size_t from = 0;
    for (size_t i = 0; i <= line.n && n < SENTENCES_MAX; i++) {
      if (i < line.n && !ends_here(line, i)) continue;
      const size_t end = i < line.n ? i + 1 : i;
      const struct trg_str one = str_trim((struct trg_str){line.p + from, end - from});
      if (one.n > 0) list[n++] = (struct sentence){one, false};
      from = end;
    }
  }
  return n;
}

static bool is_telling(struct trg_str s) {
  if (s.p[s.n - 1] == '?') return true;
  for (size_t i = 0; i < s.n; i++)
    if (isdigit((unsigned char)s.p[i]) || s.p[i] == '[') return true;
  return false;
}

static void keep(struct sentence *s, size_t *left) {
  if (s->kept || s->text.n + 1 > *left) return;
  s->kept = true;
  *left -= s->text.n + 1;
}

struct trg_str thread_gist(struct trg_str text, size_t max, struct arena *a) {
  struct sentence list[SENTENCES_MAX];
  const size_t n = sentences_of(text, list);
  if (n == 0) return (struct trg_str){"", 0};
  if (list[0].text.n + 1 > max) {
    list[0].text.n = utf8_cut(list[0].text, max > 0 ? max - 1 : 0);
    return arena_str(a, list[0].text);
  }
  size_t left = max;
  keep(&list[0], &left);
  for (size_t i = 1; i < n; i++)
    if (is_telling(list[i].text)) keep(&list[i], &left);
  for (size_t i = 1; i < n; i++) keep(&list[i], &left);
  struct buf b;
  buf_init(&b, max + 1);
  for (size_t i = 0; i < n; i++) {
    if (!list[i].kept) continue;
    if (b.n > 0) buf_char(&b, ' ');
    buf_str(&b, list[i].text);
  }
  const struct trg_str gist = arena_str(a, buf_view(&b));
  buf_free(&b);
  return gist;
}

/* --- the conversation --------------------------------------------------------------------------
 */

size_t thread_fit(const struct message *m, size_t count, size_t tokens) {
  size_t used = 0, from = count;
  while (from > 0) {
    struct trg_str text = str_of(m[from - 1].text);
    text.n = utf8_cut(text, MESSAGE_MAX);
    used += skill_tokens(text);
    if (used > tokens && from < count) break;
    from--;
  }
  return count - from;
}

json *thread_earlier(const struct message *m, size_t count, size_t tokens) {
  struct arena *a = arena_new();
  struct trg_str *gists = arena_alloc(a, sizeof *gists * (count + 1));
  bool *kept = arena_alloc(a, sizeof *kept * (count + 1));
  size_t left = tokens;
  for (size_t i = 0; i < count; i++) gists[i] = thread_gist(str_of(m[i].text), GIST_MAX, a);
  /* The first message is what it is all about; then the newest. */
  for (size_t k = 0; k < count; k++) {
    const size_t i = k == 0 ? 0 : count - k;
    const size_t needs = skill_tokens(gists[i]) + 8;
    if (gists[i].n == 0 || needs > left) continue;
    left -= needs;
    kept[i] = true;
  }
  json *list = json_array();
  for (size_t i = 0; i < count; i++) {
    if (!kept[i]) continue;
    json *o = json_object();
    json_put_text(o, "author", thread_author(m[i].author));
    json_put_str(o, "gist", gists[i]);
    json_add(list, o);
  }
  arena_free(&a);
  return list;
}
