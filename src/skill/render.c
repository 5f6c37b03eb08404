#include "skill/render.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "skill/connect.h"
#include "skill/skill.h"

/* --- a body as a prompt has it -----------------------------------------------------------------
 */

struct rendering {
  struct skills *s;
  const struct skill *k;
  const struct connections *c;
  struct arena *arena;
  struct buf *out;
};

/* Does a struck-out run begin here: a closing mark on the line that no word follows? */
static bool is_struck(struct trg_str rest) {
  for (size_t i = 3; i + 1 < rest.n && rest.p[i] != '\n'; i++) {
    if (rest.p[i] != '~' || rest.p[i + 1] != '~') continue;
    const char before = rest.p[i - 1], after = i + 2 < rest.n ? rest.p[i + 2] : ' ';
    return !isspace((unsigned char)before) && !isalnum((unsigned char)after);
  }
  return false;
}

/* "~~support platform" is told what it is; "~~struck out~~" stays. Returns what was taken. */
static size_t put_category(struct rendering *r, struct trg_str rest) {
  const struct trg_str inner = {rest.p + 2, rest.n - 2};
  const size_t n = category_length(r->s, r->c, inner);
  if (n == 0 || is_struck(rest)) return 0;
  const struct trg_str name = {inner.p, n};
  const char *what = connection_of(r->c, r->s, name, r->arena);
  buf_str(r->out, name);
  if (what != NULL)
    buf_printf(r->out, " (here: %s)", what);
  else
    buf_text(r->out, " (not connected)");
  return n + 2;
}

/* Variables of the Claude format. The ticket is never put into an instruction: what would be the
 * arguments is a pointer to the data. */
static size_t put_variable(struct rendering *r, struct trg_str rest) {
  static const struct {
    const char *name, *text;
  } words[] = {{"$ARGUMENTS", "the ticket in the user message"},
               {"${CLAUDE_SKILL_DIR}", "the skill's folder"},
               {"${CLAUDE_PLUGIN_ROOT}", "the plugin's folder"},
               {"${CLAUDE_PLUGIN_DATA}", "the plugin's data"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!str_starts(rest, words[i].name)) continue;
    size_t n = strlen(words[i].name);
    if (n < rest.n && rest.p[n] == '[') { /* $ARGUMENTS[0] */
      const char *close = memchr(rest.p + n, ']', rest.n - n < 8 ? rest.n - n : 8);
      if (close != NULL) n = (size_t)(close - rest.p) + 1;
    }
    buf_text(r->out, words[i].text);
    return n;
  }
  return 0;
}

/* "!`command`" would be run by an assistant on somebody's desk; here it is named and not run. */
static size_t put_command(struct rendering *r, struct trg_str rest) {
  const char *close = memchr(rest.p + 2, '`', rest.n - 2);
  if (close == NULL || memchr(rest.p, '\n', (size_t)(close - rest.p)) != NULL) return 0;
  buf_text(r->out, "(output of a command, which is not run here)");
  return (size_t)(close - rest.p) + 1;
}

static void put_body(struct rendering *r, struct trg_str body) {
  for (size_t i = 0; i < body.n;) {
    const struct trg_str rest = {body.p + i, body.n - i};
    size_t taken = 0;
    if (rest.n > 2 && rest.p[0] == '~' && rest.p[1] == '~')
      taken = put_category(r, rest);
    else if (rest.p[0] == '$')
      taken = put_variable(r, rest);
    else if (rest.n > 2 && rest.p[0] == '!' && rest.p[1] == '`')
      taken = put_command(r, rest);
    if (taken == 0) {
      const size_t run = rest.p[0] == '~' && rest.n > 1 && rest.p[1] == '~' ? 2 : 1;
      buf_add(r->out, rest.p, run);
      taken = run;
    }
    i += taken;
  }
}

/* Cuts at the last line that fits. */
static struct trg_str budget_cut(struct trg_str text, size_t max_tokens, bool *ret_cut) {
  *ret_cut = skill_tokens(text) > max_tokens;
  while (text.n > 0 && skill_tokens(text) > max_tokens) {
    size_t n = text.n * 9 / 10;
    while (n > 0 && text.p[n - 1] != '\n') n--;
    text.n = n;
  }
  return text;
}

static void put_within(struct buf *out, struct trg_str text, size_t max_tokens) {
  bool cut = false;
  buf_str(out, budget_cut(text, max_tokens, &cut));
  if (cut) buf_text(out, "\n(The rest is left out: it is longer than its budget.)\n");
}

int skill_render(struct skills *s, const struct skill *k, const struct connections *c,
                 size_t max_tokens, struct buf *out, struct trg_err *err) {
  const char *body = skill_body(s, k, err);
  if (body == NULL) return TRG_ESTATE;
  struct buf whole;
  buf_init(&whole, (size_t)4 << 20);
  struct arena *a = arena_new();
  put_body(&(struct rendering){s, k, c, a, &whole}, str_of(body));
  put_within(out, buf_view(&whole), max_tokens);
  arena_free(&a);
  buf_free(&whole);
  return 0;
}

/* --- chosen for a ticket -----------------------------------------------------------------------
 */

struct chosen {
  struct skills *s;
  const struct connections *c;
  struct trg_str words;
  struct buf *out;
  struct arena *arena;
  size_t left; /* tokens */
  void (*problem)(void *arg, const char *path, const char *text);
  void *arg;
};

static void chosen_tell(const struct chosen *x, const char *path, const struct trg_err *err) {
  if (x->problem != NULL) x->problem(x->arg, path, err->text);
}

static bool is_text_file(const char *file) {
  const struct trg_str f = str_of(file);
  return str_ends(f, ".md") || str_ends(f, ".txt") || str_ends(f, ".markdown");
}

static void put_reference(struct chosen *x, const struct skill *k, const struct skill_link *link) {
  const char *text = NULL;
  struct trg_err err = {0};
  if (skill_reference(k, link->file, x->arena, &text, &err) < 0) {
    chosen_tell(x, k->path, &err);
    return;
  }
  const size_t room = x->left < REFERENCE_TOKENS_MAX ? x->left : REFERENCE_TOKENS_MAX;
  const size_t from = x->out->n;
  buf_printf(x->out, "\n<file name=\"%s\">\n", link->file);
  struct buf whole;
  buf_init(&whole, (size_t)4 << 20);
  put_body(&(struct rendering){x->s, k, x->c, x->arena, &whole}, str_of(text));
  put_within(x->out, buf_view(&whole), room);
  buf_free(&whole);
  buf_text(x->out, "\n</file>\n");
  const size_t used = skill_tokens((struct trg_str){x->out->p + from, x->out->n - from});
  x->left -= used < x->left ? used : x->left;
}

/* The files whose line in the body speaks of what the ticket speaks of. */
static void put_references(struct chosen *x, const struct skill *k, const char *body) {
  struct skill_link *links = NULL;
  const size_t n = skill_links(body, x->arena, &links);
  for (size_t i = 0; i < n && x->left > 0; i++) {
    if (!is_text_file(links[i].file) || str_ends(str_of(links[i].file), "SKILL.md") ||
        str_ends(str_of(links[i].file), "CONNECTORS.md"))
      continue;
    if (words_common(x->words, str_of(links[i].line), x->arena) > 0) put_reference(x, k, &links[i]);
  }
}

static bool put_chosen(struct chosen *x, const struct skill *k) {
  struct trg_err err = {0};
  const size_t room = x->left < SKILL_TOKENS_MAX ? x->left : SKILL_TOKENS_MAX;
  struct buf body;
  buf_init(&body, (size_t)1 << 20);
  const int rc = skill_render(x->s, k, x->c, room, &body, &err);
  if (rc < 0) chosen_tell(x, k->path, &err);
  if (rc >= 0) {
    const size_t used = skill_tokens(buf_view(&body));
    x->left -= used < x->left ? used : x->left;
    buf_printf(x->out, "\n<skill name=\"%s\">\n", k->name);
    buf_str(x->out, buf_view(&body));
    put_references(x, k, skill_body(x->s, k, &err));
    buf_text(x->out, "\n</skill>\n");
  }
  buf_free(&body);
  return rc >= 0;
}

size_t skills_render_chosen(struct skills *s, const struct skill *const *chosen, size_t count,
                            struct trg_str words, const struct connections *c, struct buf *out,
                            void (*problem)(void *arg, const char *path, const char *text),
                            void *arg) {
  struct chosen x = {s, c, words, out, arena_new(), SKILL_TOKENS_CHOSEN, problem, arg};
  size_t written = 0;
  for (size_t i = 0; i < count && x.left > 0; i++) written += put_chosen(&x, chosen[i]);
  arena_free(&x.arena);
  return written;
}
