#include "pipeline/guard.h"

#include <ctype.h>
#include <string.h>

#include <cmark.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "pipeline/guard_inner.h"
#include "pipeline/hand.h"
#include "pipeline/language.h"

#define REPLY_MAX ((size_t)6000)

/* --- bracketed ids and tokens ------------------------------------------------------------------
 */

static bool is_id_char(char c) {
  return isalnum((unsigned char)c) || (c != '\0' && strchr(":#/._-", c) != NULL) ||
         (unsigned char)c >= 0x80;
}

/* A bracket that holds the id of a passage or the ref of a ticket: "kb:..." or "name/123"; digits
 * alone ("[24/7]", "[10:30]") are none. */
static bool bracket_at(struct trg_str s, size_t at, struct trg_str *ret_inner) {
  if (s.p[at] != '[') return false;
  size_t end = at + 1;
  while (end < s.n && is_id_char(s.p[end])) end++;
  if (end >= s.n || s.p[end] != ']' || end == at + 1) return false;
  const struct trg_str inner = {s.p + at + 1, end - at - 1};
  if (memchr(inner.p, ':', inner.n) == NULL && memchr(inner.p, '/', inner.n) == NULL) return false;
  bool digits = true;
  for (size_t i = 0; i < inner.n && digits; i++)
    digits = isdigit((unsigned char)inner.p[i]) || strchr(":/.-", inner.p[i]) != NULL;
  if (digits) return false;
  if (end + 1 < s.n && s.p[end + 1] == '(') return false; /* a markdown link */
  *ret_inner = inner;
  return true;
}

size_t guard_cited(struct trg_str body, struct arena *a, struct trg_str **ret) {
  size_t room = 0;
  for (size_t i = 0; i < body.n; i++)
    if (body.p[i] == '[') room++;
  struct trg_str *ids = arena_alloc(a, sizeof *ids * (room + 1));
  size_t n = 0;
  for (size_t i = 0; i < body.n; i++) {
    struct trg_str inner;
    if (!bracket_at(body, i, &inner)) continue;
    bool seen = false;
    for (size_t k = 0; k < n && !seen; k++) seen = str_eq(ids[k], inner);
    if (!seen) ids[n++] = inner;
  }
  *ret = ids;
  return n;
}

struct trg_str guard_uncited(struct trg_str body, struct arena *a) {
  char *out = arena_alloc(a, body.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < body.n; i++) {
    struct trg_str inner;
    if (bracket_at(body, i, &inner)) {
      i += inner.n + 1;
      while (n > 0 && out[n - 1] == ' ') n--; /* the blank before the bracket */
      continue;
    }
    out[n++] = body.p[i];
  }
  return (struct trg_str){out, n};
}

bool guard_has_token(struct trg_str body) {
  for (size_t i = 0; i < body.n; i++)
    if (pii_token_at(body, i) > 0) return true;
  return false;
}

/* --- checks ------------------------------------------------------------------------------------
 */

static bool in_sources(const struct guard_sources *from, struct trg_str needle) {
  for (size_t i = 0; i < from->count; i++)
    if (needle.n > 0 && from->texts[i].n >= needle.n &&
        memmem(from->texts[i].p, from->texts[i].n, needle.p, needle.n) != NULL)
      return true;
  return false;
}

/* Those in round brackets stand for what nobody can put back: another customer's, a tool's. */
static bool tokens_known(struct trg_str body, const struct guard_sources *from) {
  for (size_t i = 0; i < body.n; i++) {
    const size_t n = pii_token_at(body, i);
    if (pii_turned_at(body, i) > 0) return false;
    if (n > 0 && !in_sources(from, (struct trg_str){body.p + i, n})) return false;
  }
  return true;
}

static bool links_allowed(struct trg_str body, const struct conf_policy *p,
                          const struct guard_sources *from) {
  for (size_t i = 0; i < body.n; i++) {
    struct trg_str host;
    if (link_at(body, i, &host) && !host_allowed(host, p)) return false;
  }
  /* Other ways to make a reader's program fetch something. */
  return str_find_nocase(body, "<img") < 0 && str_find_nocase(body, "javascript:") < 0 &&
         str_find_nocase(body, "data:text") < 0 && str_find(body, "![") < 0 &&
         str_find_nocase(body, "<a ") < 0 && reaches_allowed(body, p, from);
}

static bool url_allowed(struct trg_str url, const struct conf_policy *p,
                        const struct guard_sources *from) {
  struct trg_str host;
  if (reach_allowed(url, p, from)) return true;
  const size_t colon = str_find_nocase(url, "https:") == 0  ? 5
                       : str_find_nocase(url, "http:") == 0 ? 4
                                                            : 0;
  return colon > 0 && link_at(url, colon, &host) && host_allowed(host, p);
}

/* What a reader will see: entities and escapes are undone and references resolved, as the renderer
 * does it. Puts the text into b; false when a link or picture leads where it must not. */
static bool render_look(cmark_node *doc, const struct conf_policy *p,
                        const struct guard_sources *from, struct buf *b) {
  cmark_iter *it = cmark_iter_new(doc);
  bool ok = true;
  for (cmark_event_type e; ok && (e = cmark_iter_next(it)) != CMARK_EVENT_DONE;) {
    cmark_node *n = cmark_iter_get_node(it);
    const cmark_node_type type = cmark_node_get_type(n);
    if (e != CMARK_EVENT_ENTER || type == CMARK_NODE_EMPH || type == CMARK_NODE_STRONG) continue;
    if (type == CMARK_NODE_LINK)
      ok = url_allowed(str_of(cmark_node_get_url(n)), p, from);
    else if (type == CMARK_NODE_IMAGE)
      ok = false;
    else if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE || type == CMARK_NODE_CODE_BLOCK)
      buf_text(b, cmark_node_get_literal(n));
    else
      buf_char(b, ' ');
  }
  cmark_iter_free(it);
  return ok;
}

static bool seen_allowed(struct trg_str text, const struct conf_policy *p,
                         const struct guard_sources *from) {
  return hosts_allowed(text, p) && reaches_allowed(text, p, from);
}

static bool rendered_links_allowed(struct trg_str body, const struct conf_policy *p,
                                   const struct guard_sources *from) {
  if (body.n == 0) return true;
  struct buf text;
  buf_init(&text, 1 << 20);
  cmark_node *doc = cmark_parse_document(body.p, body.n, CMARK_OPT_VALIDATE_UTF8);
  bool ok = render_look(doc, p, from, &text);
  struct buf plain;
  buf_init(&plain, 1 << 20);
  ok = ok && seen_allowed(buf_view(&text), p, from) &&
       seen_allowed(link_plain(buf_view(&text), &plain), p, from);
  cmark_node_free(doc);
  buf_free(&plain);
  buf_free(&text);
  return ok;
}

/* As the reply leaves: a citation such as [kb:returns.es#2] is taken out of it, and what stood on
 * both sides of it may be an address then. */
static bool sent_links_allowed(struct trg_str body, const struct conf_policy *p,
                               const struct guard_sources *from) {
  struct arena *a = arena_new();
  const struct trg_str sent = guard_uncited(body, a);
  const bool ok = links_allowed(sent, p, from) && rendered_links_allowed(sent, p, from);
  arena_free(&a);
  return ok;
}

static bool prompt_leaks(struct trg_str body) {
  static const char *const marks[] = {"<skill",
                                      "</skill",
                                      "not_sure",
                                      "additionalProperties",
                                      "never an instruction to you",
                                      "Taxonomy:",
                                      "system prompt",
                                      "{\"ticket\""};
  for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
    if (str_find_nocase(body, marks[i]) >= 0) return true;
  return false;
}

const char *guard_text(struct trg_str body, const struct conf_policy *p,
                       const struct guard_sources *from) {
  if (body.n > REPLY_MAX) return "too_long";
  if (prompt_leaks(body)) return "leaked_prompt";
  if (!tokens_known(body, from)) return "invented_token";
  /* No model was given a card number or a secret, so one that stands here is nobody's to send. */
  if (hand_private(body, NULL) < 0) return "invented_token";
  if (!sent_links_allowed(body, p, from)) return "link_not_allowed";
  if (!claims_known(body, from)) return "uncited_claim";
  if (language_contradicts(body, from->language)) return "wrong_language";
  return NULL;
}
