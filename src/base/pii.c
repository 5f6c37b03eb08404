/* The tokens of one ticket, masking and restoring. */
#include "base/pii.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/pii_profile.h"
#include "base/pii_scan.h"
#include "base/str.h"

#define KNOWN_MAX   256
#define LETTERS_MIN 3
#define TYPE_MAX    32
#define TOKEN_MAX   (TYPE_MAX + 16)

/* Open addressing over entry numbers; 0 is free, else the number plus one. */
struct index {
  uint32_t *slot;
  size_t room; /* a power of two */
};

struct entry {
  const char *type, *token;
  struct trg_str key, value; /* key: the value in its one spelling; of secrets a keyed hash */
  uint64_t key_hash, token_hash;
};

struct known {
  const char *type;
  uint32_t *letters; /* folded code points */
  size_t count;
};

struct counter {
  const char *type, *name; /* "EMAIL_ADDRESS", "EMAIL" */
  uint32_t last;
};

struct pii_map {
  struct arena *arena;
  struct entry *entry;
  size_t count, room;
  struct index by_key, by_token;
  struct buf scratch; /* for keys */
  struct known known[KNOWN_MAX];
  size_t known_count;
  bool begins[256]; /* bytes with which a known value can begin */
  struct counter *counter;
  size_t counter_count;
  unsigned profiles;
  const char *prefix; /* of the names of tokens; NULL: none */
  uint8_t salt[32];   /* hashes of secrets mean nothing outside this map */
};

struct pii_map *pii_map_new(void) {
  struct pii_map *m = mem_alloc(sizeof *m);
  m->arena = arena_new();
  buf_init(&m->scratch, SIZE_MAX / 4);
  random_bytes(m->salt, sizeof m->salt);
  return m;
}

int pii_profile_of(const char *name) {
  static const struct {
    const char *name;
    int bit;
  } all[] = {{"pci", 0}, {"sox", 0}, {"gdpr", PII_PROFILE_GDPR}, {"hipaa", PII_PROFILE_HIPAA}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (strcmp(all[i].name, name) == 0) return all[i].bit;
  return -1;
}

void pii_map_profiles(struct pii_map *m, unsigned profiles) {
  m->profiles = profiles;
}

void pii_map_prefix(struct pii_map *m, const char *prefix) {
  m->prefix = arena_dup(m->arena, str_of(prefix));
}

void pii_map_free(struct pii_map **m) {
  if (m == NULL || *m == NULL) return;
  arena_free(&(*m)->arena);
  buf_free(&(*m)->scratch);
  mem_free((*m)->entry);
  mem_free((*m)->by_key.slot);
  mem_free((*m)->by_token.slot);
  mem_free((*m)->counter);
  mem_free(*m);
  *m = NULL;
}

size_t pii_map_count(const struct pii_map *m) {
  return m->count;
}

void pii_map_at(const struct pii_map *m, size_t i, const char **ret_token, const char **ret_type,
                struct trg_str *ret_value) {
  BUG_UNLESS(i < m->count);
  *ret_token = m->entry[i].token;
  *ret_type = m->entry[i].type;
  *ret_value = m->entry[i].value;
}

static const char *const token_names[][2] = {
    {PII_CARD, "CARD"},     {PII_EMAIL, "EMAIL"},      {PII_IBAN, "IBAN"},
    {PII_PHONE, "PHONE"},   {PII_SSN, "SSN"},          {PII_IP, "IP"},
    {PII_SECRET, "SECRET"}, {PII_PERSON, "NAME"},      {"STREET_ADDRESS", "ADDRESS"},
    {"ZIP_CODE", "ZIP"},    {"DATE_TIME", "DATE"},     {"MEDICAL_RECORD", "RECORD"},
    {"NATIONAL_ID", "ID"},  {"DATE_OF_BIRTH", "BIRTH"}};
#define TOKEN_NAMES (sizeof token_names / sizeof token_names[0])

/* --- tokens ----------------------------------------------------------------------------------- */

/* Cards and secrets are never kept, not even in memory. */
static bool is_kept(const char *type) {
  return strcmp(type, PII_CARD) != 0 && strcmp(type, PII_SECRET) != 0;
}

/* FNV-1a over salt, type and text, so that nobody can choose values that collide. */
static uint64_t hash_of(const struct pii_map *m, const char *type, struct trg_str s) {
  uint64_t h;
  memcpy(&h, m->salt, sizeof h);
  for (; *type != '\0'; type++) h = (h ^ (unsigned char)*type) * 1099511628211u;
  for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
  return h ^ (h >> 32);
}

static uint64_t entry_hash(const struct entry *e, bool by_token) {
  return by_token ? e->token_hash : e->key_hash;
}

static struct trg_str key_of(const struct entry *e, bool by_token) {
  return by_token ? str_of(e->token) : e->key;
}

static const char *type_of(const struct entry *e, bool by_token) {
  return by_token ? "" : e->type;
}

/* The slot in which this entry is, or the free one in which it would be; x has room. */
static uint32_t *slot_of(const struct pii_map *m, const struct index *x, bool by_token,
                         const char *type, struct trg_str key, uint64_t hash) {
  for (size_t i = hash;; i++) {
    uint32_t *slot = &x->slot[i & (x->room - 1)];
    if (*slot == 0) return slot;
    const struct entry *e = &m->entry[*slot - 1];
    if (entry_hash(e, by_token) != hash) continue;
    if (str_eq(key_of(e, by_token), key) && strcmp(type_of(e, by_token), type) == 0) return slot;
  }
}

/* The number of the entry, from 1; 0 when it is not there. */
static uint32_t find(const struct pii_map *m, const struct index *x, bool by_token,
                     const char *type, struct trg_str key) {
  return x->room == 0 ? 0 : *slot_of(m, x, by_token, type, key, hash_of(m, type, key));
}

static void index_put(struct pii_map *m, struct index *x, bool by_token, size_t number) {
  const struct entry *e = &m->entry[number];
  *slot_of(m, x, by_token, type_of(e, by_token), key_of(e, by_token),
           entry_hash(e, by_token)) = (uint32_t)number + 1;
}

static void index_add(struct pii_map *m, struct index *x, bool by_token, size_t number) {
  if ((m->count + 1) * 2 > x->room) {
    mem_free(x->slot);
    x->room = x->room == 0 ? 64 : x->room * 2;
    x->slot = mem_array(x->room, sizeof *x->slot);
    for (size_t i = 0; i < number; i++) index_put(m, x, by_token, i);
  }
  index_put(m, x, by_token, number);
}

static const char *token_name(struct pii_map *m, const char *type) {
  const char *name = type;
  for (size_t i = 0; i < TOKEN_NAMES; i++)
    if (strcmp(token_names[i][0], type) == 0) name = token_names[i][1];
  return arena_printf(m->arena, "%s%s", m->prefix != NULL ? m->prefix : "", name);
}

static struct counter *counter_of(struct pii_map *m, const char *type) {
  for (size_t i = 0; i < m->counter_count; i++)
    if (strcmp(m->counter[i].type, type) == 0) return &m->counter[i];
  m->counter = mem_grow(m->counter, (m->counter_count + 1) * sizeof *m->counter);
  struct counter *c = &m->counter[m->counter_count++];
  *c = (struct counter){.type = type, .name = token_name(m, type)};
  return c;
}

/* Next letter as names are compared: lower case, one blank for any run of blanks, ' for U+2019. */
static uint32_t next_folded(struct trg_str s, size_t *at) {
  uint32_t c = utf8_lower(utf8_next(s, at));
  if (c == 0x2019) return '\'';
  if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != 0xA0 && c != 0x202F) return c;
  for (size_t next = *at; next < s.n; *at = next) {
    c = utf8_next(s, &next);
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != 0xA0 && c != 0x202F) break;
  }
  return ' ';
}

static void add_folded(struct buf *b, struct trg_str s, bool only_alnum) {
  for (size_t i = 0; i < s.n;) {
    char coded[4];
    const uint32_t c = next_folded(s, &i);
    if (!only_alnum || pii_is_wordish(c)) buf_add(b, coded, utf8_put(coded, c));
  }
}

/* Digits of any script as ASCII ones, nothing else; escapes such as %20 are no digits. */
static void add_digits(struct buf *b, struct trg_str s) {
  const struct pii_scan scan = {.s = s};
  size_t n;
  for (size_t i = 0; i < s.n; i += n) {
    const int d = pii_digit(&scan, i, &n);
    enum pii_gap kind;
    if (d >= 0) {
      buf_char(b, (char)('0' + d));
      continue;
    }
    const size_t gap = pii_gap(&scan, i, &kind);
    n = gap > 0 ? gap : n;
  }
}

/* The one spelling of a value: other separators, other case, same token. */
static void add_key(const struct pii_map *m, struct buf *b, const char *type,
                    struct trg_str value) {
  if (strcmp(type, PII_CARD) == 0 || strcmp(type, PII_SSN) == 0) {
    add_digits(b, value);
  } else if (strcmp(type, PII_PHONE) == 0) {
    const bool plus = memchr(value.p, '+', value.n < 2 ? value.n : 2) != NULL;
    const bool zeros = str_starts(value, "00");
    buf_text(b, plus || zeros ? "+" : "");
    add_digits(b, zeros ? (struct trg_str){value.p + 2, value.n - 2} : value);
  } else if (strcmp(type, PII_SECRET) == 0) {
    buf_str(b, value);
  } else {
    add_folded(b, value, strcmp(type, PII_IBAN) == 0);
  }
  if (is_kept(type)) return;
  uint8_t raw[HASH_BYTES];
  char hex[HASH_HEX_MAX];
  hash_hmac((struct trg_str){(const char *)m->salt, sizeof m->salt}, buf_view(b), raw);
  hex_encode(raw, sizeof raw, hex);
  explicit_bzero(b->p, b->n);
  buf_reset(b);
  buf_text(b, hex);
}

const char *pii_map_find(const struct pii_map *m, const char *type, struct trg_str value) {
  struct buf key;
  buf_init(&key, SIZE_MAX / 4);
  add_key(m, &key, type, value);
  const uint32_t known = find(m, &m->by_key, false, type, buf_view(&key));
  buf_free(&key);
  return known != 0 ? m->entry[known - 1].token : NULL;
}

static const char *token_for(struct pii_map *m, const char *type, struct trg_str value) {
  struct buf *key = &m->scratch;
  buf_reset(key);
  add_key(m, key, type, value);
  const uint32_t known = find(m, &m->by_key, false, type, buf_view(key));
  if (known != 0) return m->entry[known - 1].token;
  if (m->count == m->room) {
    m->room = m->room == 0 ? 16 : m->room * 2;
    m->entry = mem_grow(m->entry, m->room * sizeof *m->entry);
  }
  struct counter *counter = counter_of(m, type);
  struct entry *e = &m->entry[m->count];
  e->type = counter->type;
  e->token = arena_printf(m->arena, "[%s_%u]", counter->name, ++counter->last);
  e->key = arena_str(m->arena, buf_view(key));
  e->value = is_kept(type) ? arena_str(m->arena, value) : (struct trg_str){"", 0};
  e->key_hash = hash_of(m, e->type, e->key);
  e->token_hash = hash_of(m, "", str_of(e->token));
  index_add(m, &m->by_key, false, m->count);
  index_add(m, &m->by_token, true, m->count);
  m->count++;
  return e->token;
}

/* --- values known beforehand ------------------------------------------------------------------ */

static const char *static_type(struct pii_map *m, const char *type) {
  for (size_t i = 0; i < TOKEN_NAMES; i++)
    if (strcmp(token_names[i][0], type) == 0) return token_names[i][0];
  for (size_t i = 0; i < m->known_count; i++)
    if (strcmp(m->known[i].type, type) == 0) return m->known[i].type;
  char name[TYPE_MAX];
  (void)snprintf(name, sizeof name, "%s", type);
  return arena_dup(m->arena, str_of(name));
}

const char *pii_map_token(struct pii_map *m, const char *type, struct trg_str value) {
  return token_for(m, static_type(m, type), value);
}

/* The lead bytes with which this value can begin, in either case. What lower-cases to ASCII lies
 * below U+0180; the rest of the search is for other scripts. */
static void mark_begin(struct pii_map *m, uint32_t first) {
  char coded[4];
  const uint32_t end = first < 0x80 ? 0x180 : 0x2000;
  for (uint32_t c = 0; c < end; c++) {
    if (utf8_lower(c) != first) continue;
    (void)utf8_put(coded, c);
    m->begins[(unsigned char)coded[0]] = true;
  }
  (void)utf8_put(coded, first);
  m->begins[(unsigned char)coded[0]] = true;
}

void pii_map_know(struct pii_map *m, const char *type, struct trg_str value) {
  value = str_trim(value);
  if (m->known_count == KNOWN_MAX || value.n > 1024) return;
  uint32_t *letters = arena_alloc(m->arena, (value.n + 1) * sizeof *letters);
  size_t count = 0;
  size_t wordish = 0;
  for (size_t i = 0; i < value.n;) {
    letters[count] = next_folded(value, &i);
    wordish += pii_is_wordish(letters[count++]);
  }
  if (wordish < LETTERS_MIN) return;
  for (size_t i = 0; i < m->known_count; i++)
    if (m->known[i].count == count &&
        memcmp(m->known[i].letters, letters, count * sizeof *letters) == 0)
      return;
  m->known[m->known_count] = (struct known){static_type(m, type), letters, count};
  m->known_count++;
  mark_begin(m, letters[0]);
}

void pii_map_learn(struct pii_map *m, const struct pii_map *from) {
  for (size_t i = 0; i < from->known_count && m->known_count < KNOWN_MAX; i++) {
    const struct known *k = &from->known[i];
    uint32_t *letters = arena_alloc(m->arena, k->count * sizeof *letters);
    memcpy(letters, k->letters, k->count * sizeof *letters);
    m->known[m->known_count] = (struct known){static_type(m, k->type), letters, k->count};
    m->known_count++;
    mark_begin(m, letters[0]);
  }
  for (size_t i = 0; i < from->count; i++)
    pii_map_know(m, from->entry[i].type, from->entry[i].value);
}

/* --- masking ---------------------------------------------------------------------------------- */

struct pass {
  struct pii_map *map;
  struct pii_scan scan;
  struct buf *out;
  size_t copied; /* of the input */
  struct pii_span *spans;
  size_t count, room;
  struct pii_hit *more; /* what the profile found, in order */
  size_t more_count, more_at;
};

static bool needs_boundary(uint32_t inside, uint32_t outside) {
  /* Chinese, Japanese, Korean and Thai write no blanks between words. */
  const bool open = (inside >= 0x2E80 && inside < 0xFF00) || (inside >= 0xE00 && inside < 0xE80);
  return !open && pii_is_wordish(inside) && pii_is_wordish(outside);
}

static size_t match_known(const struct pass *pass, const struct known *k, size_t i) {
  const struct trg_str s = pass->scan.s;
  size_t at = i;
  size_t before;
  if (i > 0 && needs_boundary(k->letters[0], pii_before(&pass->scan, i, &before))) return 0;
  for (size_t n = 0; n < k->count; n++)
    if (at >= s.n || next_folded(s, &at) != k->letters[n]) return 0;
  size_t next = at;
  if (at < s.n && needs_boundary(k->letters[k->count - 1], utf8_next(s, &next))) return 0;
  return at - i;
}

static size_t find_known(void *arg, size_t i, const char **ret_type) {
  const struct pass *pass = arg;
  size_t best = 0;
  for (size_t k = 0; k < pass->map->known_count; k++) {
    const size_t n = match_known(pass, &pass->map->known[k], i);
    if (n <= best) continue;
    best = n;
    *ret_type = pass->map->known[k].type;
  }
  /* "jean" of "jean.muller@example.org" belongs to the address. */
  if (best > 0 && strcmp(*ret_type, PII_EMAIL) != 0 && pii_email_ahead(&pass->scan, i + best))
    return 0;
  return best;
}

/* With any prefix: "KB_EMAIL". */
static bool is_token_name(struct trg_str s) {
  for (size_t i = 0; i < TOKEN_NAMES; i++) {
    const size_t n = strlen(token_names[i][1]);
    if (s.n < n || (s.n > n && s.p[s.n - n - 1] != '_')) continue;
    if (str_is_nocase((struct trg_str){s.p + s.n - n, n}, token_names[i][1])) return true;
  }
  return false;
}

/* End of the run of letters and _ at i; *ret_small: some are small. */
static size_t name_end(struct trg_str s, size_t i, bool *ret_small) {
  const size_t from = i;
  *ret_small = false;
  for (; i < s.n && i - from < TOKEN_MAX; i++) {
    const unsigned char c = (unsigned char)s.p[i];
    if (!pii_is_alpha(c) && c != '_') break;
    *ret_small |= c >= 'a' && c <= 'z';
  }
  return i;
}

/* Length of what looks like one of our tokens at i: "[", capital letters and _, a number, "]". Our
 * own names are recognised in any case when that is asked for: a model may correct the case. */
static size_t token_length(struct trg_str s, size_t i, bool any_case) {
  bool small;
  size_t at = name_end(s, i + 1, &small);
  if (at - i < 3 || s.p[at - 1] != '_') return 0;
  if (small && !(any_case && is_token_name((struct trg_str){s.p + i + 1, at - i - 2}))) return 0;
  const size_t number = at;
  while (at < s.n && at - number < 10 && pii_is_num((unsigned char)s.p[at])) at++;
  return at > number && at < s.n && s.p[at] == ']' ? at + 1 - i : 0;
}

size_t pii_token_at(struct trg_str text, size_t i) {
  return text.p[i] == '[' ? token_length(text, i, false) : 0;
}

/* End of the run of what such a name is made of; *ret_number: behind its last "_". */
static size_t turned_end(struct trg_str s, size_t i, size_t *ret_number) {
  size_t at = i;
  for (; at < s.n && at - i < TOKEN_MAX; at++) {
    const unsigned char c = (unsigned char)s.p[at];
    if (c != '_' && !pii_is_num(c) && !(c >= 'A' && c <= 'Z')) break;
    if (c == '_') *ret_number = at + 1;
  }
  return at;
}

size_t pii_turned_at(struct trg_str text, size_t i) {
  if (text.p[i] != '(') return 0;
  size_t number = 0;
  const size_t end = turned_end(text, i + 1, &number);
  if (end >= text.n || text.p[end] != ')' || number < i + 3 || number == end) return 0;
  for (size_t at = number; at < end; at++)
    if (!pii_is_num((unsigned char)text.p[at])) return 0;
  return is_token_name((struct trg_str){text.p + i + 1, number - i - 2}) ? end + 1 - i : 0;
}

void pii_turn(struct trg_str masked, const char *prefix, struct buf *out) {
  for (size_t at = 0; at < masked.n;) {
    const char *bracket = memchr(masked.p + at, '[', masked.n - at);
    const size_t from = bracket != NULL ? (size_t)(bracket - masked.p) : masked.n;
    buf_add(out, masked.p + at, from - at);
    if (bracket == NULL) return;
    const size_t n = token_length(masked, from, false);
    if (n == 0) {
      buf_char(out, '[');
    } else {
      buf_printf(out, "(%s", prefix);
      buf_add(out, bracket + 1, n - 2);
      buf_char(out, ')');
    }
    at = from + (n == 0 ? 1 : n);
  }
}

/* Copies text in which nothing was found. What only looks like a token gets round brackets, so
 * that nobody can write "[EMAIL_1]" into a ticket and have somebody's address put there. */
static void copy_until(struct pass *pass, size_t end) {
  const struct trg_str s = pass->scan.s;
  while (pass->copied < end) {
    const char *from = s.p + pass->copied;
    const char *bracket = memchr(from, '[', end - pass->copied);
    if (bracket == NULL) {
      buf_add(pass->out, from, end - pass->copied);
      break;
    }
    const size_t at = (size_t)(bracket - s.p);
    const size_t n = token_length(s, at, true);
    buf_add(pass->out, from, at - pass->copied);
    if (n == 0 || at + n > end) {
      buf_char(pass->out, '[');
      pass->copied = at + 1;
      continue;
    }
    buf_char(pass->out, '(');
    buf_add(pass->out, bracket + 1, n - 2);
    buf_char(pass->out, ')');
    pass->copied = at + n;
  }
  pass->copied = end;
}

static void put_token(struct pass *pass, const struct pii_hit *hit) {
  const struct trg_str value = {pass->scan.s.p + hit->start, hit->end - hit->start};
  BUG_UNLESS(hit->start >= pass->copied && hit->end > hit->start && hit->end <= pass->scan.s.n);
  copy_until(pass, hit->start);
  buf_text(pass->out, token_for(pass->map, hit->type, value));
  pass->copied = hit->end;
  if (pass->count == pass->room) {
    pass->room = pass->room == 0 ? 16 : pass->room * 2;
    pass->spans = mem_grow(pass->spans, pass->room * sizeof *pass->spans);
  }
  pass->spans[pass->count++] = (struct pii_span){hit->type, hit->start, hit->end};
}

/* A letter or digit is in it, so that it is worth a token. */
static bool is_something(struct trg_str s) {
  for (size_t i = 0; i < s.n;)
    if (pii_is_wordish(utf8_next(s, &i))) return true;
  return false;
}

/* What the profile found before `end` and the scan did not: of a hit that goes on behind, the part
 * before it. */
static void put_more(struct pass *pass, size_t end) {
  while (pass->more_at < pass->more_count && pass->more[pass->more_at].start < end) {
    struct pii_hit hit = pass->more[pass->more_at];
    const bool all = hit.end <= end;
    pass->more[pass->more_at].start = end;
    if (all) pass->more_at++;
    if (hit.start < pass->copied) hit.start = pass->copied;
    if (!all) hit.end = end;
    if (hit.end > hit.start &&
        is_something((struct trg_str){pass->scan.s.p + hit.start, hit.end - hit.start}))
      put_token(pass, &hit);
  }
}

static void take_hit(void *arg, const struct pii_hit *hit) {
  struct pass *pass = arg;
  put_more(pass, hit->start);
  put_token(pass, hit);
}

int pii_mask(struct pii_map *m, struct trg_str text, struct buf *out, struct pii_span **spans,
             size_t *ret_count, struct trg_err *err) {
  struct pass pass = {.map = m, .out = out};
  if (m->profiles != 0) {
    const int rc = pii_profile_find(m->profiles, text, &pass.more, &pass.more_count, err);
    if (rc < 0) return rc;
  }
  pii_scan_init(&pass.scan, text);
  pass.scan.found = take_hit;
  pass.scan.known = find_known;
  pass.scan.arg = &pass;
  for (size_t c = 0; c < 256; c++)
    if (m->begins[c]) pass.scan.action[c] |= PII_AT_KNOWN;
  pii_scan_run(&pass.scan);
  put_more(&pass, text.n);
  copy_until(&pass, text.n);
  mem_free(pass.more);
  if (out->over) {
    mem_free(pass.spans);
    return err_set(err, TRG_ELIMIT, "pii", "a text of %zu bytes is too large to be masked", text.n);
  }
  if (ret_count != NULL) *ret_count = pass.count;
  if (spans != NULL)
    *spans = pass.spans;
  else
    mem_free(pass.spans);
  return 0;
}

void pii_restore(const struct pii_map *m, struct trg_str text, bool (*allow)(const char *type),
                 struct buf *out) {
  size_t copied = 0;
  while (copied < text.n) {
    const char *bracket = memchr(text.p + copied, '[', text.n - copied);
    if (bracket == NULL) break;
    const size_t at = (size_t)(bracket - text.p);
    const size_t n = token_length(text, at, false);
    const uint32_t known = n == 0 ? 0
                                  : find(m, &m->by_token, true, "", (struct trg_str){bracket, n});
    const struct entry *e = known == 0 ? NULL : &m->entry[known - 1];
    buf_add(out, text.p + copied, at - copied);
    if (e != NULL && is_kept(e->type) && allow != NULL && allow(e->type))
      buf_str(out, e->value);
    else
      buf_add(out, bracket, n == 0 ? 1 : n);
    copied = at + (n == 0 ? 1 : n);
  }
  if (copied < text.n) buf_add(out, text.p + copied, text.n - copied);
}
