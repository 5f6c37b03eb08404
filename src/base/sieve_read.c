/* Reads regular expressions into the nodes of an automaton (Thompson's construction). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/sieve_inner.h"
#include "base/str.h"

/* So many optional copies are made; beyond that it may repeat for ever. */
#define COPIES_MAX 16

struct reader {
  struct sieve_nodes *n;
  const char *p;
  unsigned pattern;
  bool nocase;
};

struct piece { /* out is a jump that leads nowhere yet */
  uint32_t in, out;
};

static struct piece read_choice(struct reader *r);

static uint32_t node_add(struct reader *r, struct sieve_node node) {
  struct sieve_nodes *n = r->n;
  if (n->count == n->room) {
    n->room = n->room == 0 ? 256 : n->room * 2;
    n->node = mem_grow(n->node, n->room * sizeof *n->node);
  }
  node.pattern = r->pattern;
  n->node[n->count] = node;
  return (uint32_t)n->count++;
}

static void lead(struct reader *r, uint32_t from, uint32_t to) {
  r->n->node[from].a = to;
}

static struct piece nothing(struct reader *r) {
  const uint32_t jump = node_add(r, (struct sieve_node){.kind = SIEVE_JUMP});
  return (struct piece){jump, jump};
}

static struct piece then(struct reader *r, struct piece a, struct piece b) {
  lead(r, a.out, b.in);
  return (struct piece){a.in, b.out};
}

static struct piece either(struct reader *r, struct piece a, struct piece b) {
  const uint32_t fork = node_add(r, (struct sieve_node){SIEVE_FORK, a.in, b.in, 0, 0});
  const uint32_t out = nothing(r).in;
  lead(r, a.out, out);
  lead(r, b.out, out);
  return (struct piece){fork, out};
}

static struct piece repeated(struct reader *r, struct piece a) {
  const uint32_t out = nothing(r).in;
  const uint32_t fork = node_add(r, (struct sieve_node){SIEVE_FORK, a.in, out, 0, 0});
  lead(r, a.out, fork);
  return (struct piece){fork, out};
}

static struct piece one_of(struct reader *r, enum sieve_kind kind, struct sieve_chars chars) {
  struct sieve_nodes *n = r->n;
  size_t k = 0;
  while (k < n->chars_count && memcmp(&n->chars[k], &chars, sizeof chars) != 0) k++;
  if (k == n->chars_room) {
    n->chars_room = n->chars_room == 0 ? 64 : n->chars_room * 2;
    n->chars = mem_grow(n->chars, n->chars_room * sizeof *n->chars);
  }
  if (k == n->chars_count) n->chars[n->chars_count++] = chars;
  const uint32_t out = nothing(r).in;
  const struct sieve_node node = {.kind = kind, .a = out, .chars = (uint32_t)k};
  return (struct piece){node_add(r, node), out};
}

/* --- characters ------------------------------------------------------------------------------- */

static void put(struct sieve_chars *c, unsigned letter) {
  c->bits[letter / 64] |= UINT64_C(1) << (letter % 64);
}

static void put_range(struct sieve_chars *c, unsigned first, unsigned last) {
  for (unsigned k = first; k <= last; k++) put(c, k);
}

/* A letter in any case is its two forms; for k and s Unicode knows a third one beyond ASCII. */
static void put_cases(struct sieve_chars *c) {
  for (unsigned k = 'a'; k <= 'z'; k++)
    if (sieve_has(c, k) || sieve_has(c, k - 32)) {
      put(c, k);
      put(c, k - 32);
      if (k == 'k' || k == 's') put(c, SIEVE_HIGH);
    }
}

/* What \ and this letter stand for, \p{L} and \p{Lu} as well; p is behind the letter. */
static void put_escape(struct reader *r, struct sieve_chars *c, char letter) {
  switch (letter) {
  case 'p':
    if (strncmp(r->p, "{L}", 3) != 0 && strncmp(r->p, "{Lu}", 4) != 0) BUG(r->p);
    put_range(c, 'A', 'Z');
    if (r->p[2] == '}') put_range(c, 'a', 'z');
    put(c, SIEVE_HIGH);
    r->p = strchr(r->p, '}') + 1;
    break;
  case 'w':
    put_range(c, '0', '9');
    put_range(c, 'A', 'Z');
    put_range(c, 'a', 'z');
    put(c, '_');
    put(c, SIEVE_HIGH);
    break;
  case 's':
    put_range(c, '\t', '\r');
    put(c, ' ');
    put(c, SIEVE_HIGH);
    break;
  case 'n':
    put(c, '\n');
    break;
  case 'r':
    put(c, '\r');
    break;
  case 't':
    put(c, '\t');
    break;
  default:
    if ((unsigned char)letter >= 0x80 || isalnum((unsigned char)letter) != 0) BUG(r->p);
    put(c, (unsigned char)letter);
  }
}

/* One literal character, of any length; its letter. */
static unsigned literal(struct reader *r) {
  const unsigned char first = (unsigned char)*r->p++;
  if (first < 0x80) return first;
  while (((unsigned char)*r->p & 0xC0) == 0x80) r->p++;
  return SIEVE_HIGH;
}

/* Behind the "[". */
static struct sieve_chars read_class(struct reader *r) {
  struct sieve_chars c = {{0}};
  const bool negated = *r->p == '^';
  if (negated) r->p++;
  do {
    if (*r->p == '\0' || *r->p == '[') BUG("a class of a pattern is beyond the sieve");
    if (*r->p == '\\') {
      const char letter = r->p[1];
      r->p += 2;
      put_escape(r, &c, letter);
      continue;
    }
    const unsigned first = literal(r);
    if (*r->p == '-' && r->p[1] != ']') {
      r->p++;
      put_range(&c, first, literal(r));
    } else {
      put(&c, first);
    }
  } while (*r->p != ']');
  r->p++;
  if (r->nocase) put_cases(&c);
  if (negated) {
    c.bits[0] = ~c.bits[0];
    c.bits[1] = ~c.bits[1];
    put(&c, SIEVE_HIGH);
  }
  return c;
}

static struct sieve_chars read_chars(struct reader *r) {
  struct sieve_chars c = {{0}};
  if (*r->p == '[') {
    r->p++;
    return read_class(r);
  }
  if (strchr("()|.*+?{^$", *r->p) != NULL) BUG(r->p); /* also at the end */
  if (*r->p == '\\') {
    const char letter = r->p[1];
    r->p += 2;
    put_escape(r, &c, letter);
  } else {
    put(&c, literal(r));
  }
  if (r->nocase) put_cases(&c);
  return c;
}

/* --- groups ----------------------------------------------------------------------------------- */

/* Over the rest of a group to behind its ")". */
static void skip_group(struct reader *r) {
  for (int depth = 1; depth > 0; r->p++) {
    if (*r->p == '\0') BUG("a group of a pattern has no end");
    if (*r->p == '\\')
      r->p++;
    else if (*r->p == '[') {
      r->p++;
      (void)read_class(r);
      r->p--;
    } else if (*r->p == '(')
      depth++;
    else if (*r->p == ')')
      depth--;
  }
}

/* Behind "(?<!": a class of one character that must not stand in front, or what is not looked at.
 */
static struct piece read_not_behind(struct reader *r) {
  struct sieve_chars c;
  memset(&c, 0xFF, sizeof c);
  if (*r->p == '[') {
    r->p++;
    const struct sieve_chars not = read_class(r);
    if (*r->p == ')') {
      c.bits[0] = ~not .bits[0];
      c.bits[1] = ~not .bits[1];
    }
  }
  skip_group(r);
  return one_of(r, SIEVE_BEHIND, c);
}

/* Behind "(?<=": the last characters of what may stand in front. */
static struct piece read_behind(struct reader *r) {
  struct sieve_chars all = {{0}}, last = {{0}};
  for (; *r->p != ')'; r->p++) {
    for (; *r->p != '|' && *r->p != ')';) last = read_chars(r);
    for (size_t w = 0; w < sizeof all.bits / sizeof *all.bits; w++) all.bits[w] |= last.bits[w];
    if (*r->p == ')') break;
  }
  r->p++;
  return one_of(r, SIEVE_BEHIND, all);
}

/* \b in front of a letter or digit. */
static struct piece read_boundary(struct reader *r) {
  struct sieve_chars word = {{0}};
  put_escape(r, &word, 'w');
  return one_of(r, SIEVE_BEHIND, (struct sieve_chars){{~word.bits[0], ~word.bits[1], UINT64_MAX}});
}

/* ^, in every line. */
static struct piece read_line_start(struct reader *r) {
  struct sieve_chars c = {{0}};
  put(&c, '\n');
  put(&c, SIEVE_BEFORE);
  return one_of(r, SIEVE_BEHIND, c);
}

static bool takes(struct reader *r, const char *text) {
  const size_t n = strlen(text);
  if (strncmp(r->p, text, n) != 0) return false;
  r->p += n;
  return true;
}

/* Behind the "(". */
static struct piece read_group(struct reader *r) {
  if (takes(r, "?<!")) return read_not_behind(r);
  if (takes(r, "?<=")) return read_behind(r);
  if (takes(r, "?=") || takes(r, "?!")) {
    skip_group(r);
    return nothing(r);
  }
  if (takes(r, "?i)")) { /* until the group around it ends */
    r->nocase = true;
    return nothing(r);
  }
  const bool outside = r->nocase;
  if (takes(r, "?i:") || takes(r, "?im:"))
    r->nocase = true;
  else if (*r->p == '?' && !takes(r, "?:"))
    BUG(r->p);
  const struct piece inside = read_choice(r);
  if (!takes(r, ")")) BUG("a group of a pattern has no end");
  r->nocase = outside;
  return inside;
}

static struct piece read_atom(struct reader *r) {
  if (takes(r, "(")) return read_group(r);
  if (takes(r, "\\b")) return read_boundary(r);
  if (takes(r, "^")) return read_line_start(r);
  if (takes(r, "$") || takes(r, "\\z")) return nothing(r);
  return one_of(r, SIEVE_CHARS, read_chars(r));
}

/* How often, most 0 for any number; once where nothing is said. */
static void read_times(struct reader *r, unsigned *ret_least, unsigned *ret_most) {
  *ret_least = 1;
  *ret_most = 1;
  if (takes(r, "?"))
    *ret_least = 0;
  else if (takes(r, "*"))
    *ret_least = *ret_most = 0;
  else if (takes(r, "+"))
    *ret_most = 0;
  else if (takes(r, "{")) {
    char *end;
    *ret_least = *ret_most = (unsigned)strtoul(r->p, &end, 10);
    if (*end == ',') *ret_most = (unsigned)strtoul(end + 1, &end, 10);
    BUG_UNLESS(*end == '}' && *ret_least < 100);
    r->p = end + 1;
  } else
    return;
  (void)takes(r, "?"); /* the shorter first: the same places */
}

static struct piece copy(struct reader *r, const char *atom) {
  const char *here = r->p;
  r->p = atom;
  const struct piece piece = read_atom(r);
  r->p = here;
  return piece;
}

static struct piece read_piece(struct reader *r) {
  const char *atom = r->p;
  struct piece once = read_atom(r);
  unsigned least, most;
  read_times(r, &least, &most);
  if (least == 1 && most == 1) return once;
  struct piece all = nothing(r);
  for (unsigned k = 0; k < least; k++) all = then(r, all, copy(r, atom));
  if (most == 0 || most - least > COPIES_MAX) return then(r, all, repeated(r, once));
  for (unsigned k = least; k < most; k++) all = then(r, all, either(r, copy(r, atom), nothing(r)));
  return all;
}

static struct piece read_row(struct reader *r) {
  struct piece row = nothing(r);
  while (*r->p != '\0' && *r->p != '|' && *r->p != ')') row = then(r, row, read_piece(r));
  return row;
}

static struct piece read_choice(struct reader *r) {
  struct piece choice = read_row(r);
  while (takes(r, "|")) choice = either(r, choice, read_row(r));
  return choice;
}

uint32_t sieve_read(struct sieve_nodes *n, const char *pattern, unsigned number) {
  struct reader r = {.n = n, .p = pattern, .pattern = number};
  const struct piece all = read_choice(&r);
  BUG_UNLESS(*r.p == '\0');
  lead(&r, all.out, node_add(&r, (struct sieve_node){.kind = SIEVE_ACCEPT}));
  return all.in;
}
