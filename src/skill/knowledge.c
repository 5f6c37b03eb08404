#include "skill/knowledge.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "skill/cover.h"
#include "skill/frontmatter.h"
#include "skill/skill.h"
#include "skill/support.h"
#include "store/knowledge.h"

#define FILE_MAX_BYTES ((size_t)4 << 20)
#define DEPTH_MAX      8
#define FILES_MAX      20000
/* A passage is a section; a longer section is cut at a paragraph. */
#define PASSAGE_MAX ((size_t)2400)

/* --- one file to passages ----------------------------------------------------------------------
 */

/* "guides/returns.de.md" -> "guides/returns.de"; the id must be stable, short, and of characters
 * that a citation in a reply can have (pipeline/guard.c). */
static const char *id_stem(struct arena *a, const char *relative) {
  const char *dot = strrchr(relative, '.');
  const size_t n = dot != NULL && dot != relative ? (size_t)(dot - relative) : strlen(relative);
  char *stem = arena_dup(a, (struct trg_str){relative, n});
  for (char *p = stem; *p != '\0'; p++)
    if (!isalnum((unsigned char)*p) && (unsigned char)*p < 0x80 && strchr("/._-", *p) == NULL)
      *p = '-';
  return stem;
}

/* Length of what is to be skipped at a "<": a tag, a comment, or a whole script or style element;
 * 0: it does not end. */
static size_t tag_length(struct trg_str rest) {
  if (str_starts(rest, "<!--")) {
    const ptrdiff_t close = str_find(rest, "-->");
    return close < 0 ? 0 : (size_t)close + 3;
  }
  const bool script = rest.n > 7 && strncasecmp(rest.p, "<script", 7) == 0;
  const bool style = rest.n > 6 && strncasecmp(rest.p, "<style", 6) == 0;
  const ptrdiff_t end = script  ? str_find_nocase(rest, "</script")
                        : style ? str_find_nocase(rest, "</style")
                                : str_find(rest, ">");
  if (end < 0) return 0;
  return (size_t)end + (script || style ? 0 : 1);
}

/* The character of a known entity at the front of rest, and its length; 0: none. */
static size_t entity_at(struct trg_str rest, char *ret) {
  static const struct {
    const char *name;
    char c;
  } entities[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},
                  {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}};
  for (size_t k = 0; k < sizeof entities / sizeof entities[0]; k++)
    if (str_starts(rest, entities[k].name)) {
      *ret = entities[k].c;
      return strlen(entities[k].name);
    }
  return 0;
}

/* As browsers see it: "<" begins a tag only before a letter, "/", "!" or "?". */
static bool is_tag(struct trg_str rest) {
  return rest.n > 1 && (isalpha((unsigned char)rest.p[1]) || rest.p[1] == '/' || rest.p[1] == '!' ||
                        rest.p[1] == '?');
}

/* Tags out, block elements to line breaks, the common entities back: enough for search and quoting;
 * what is inside script and style is dropped. */
static struct trg_str html_text(struct arena *a, struct trg_str html) {
  char *out = arena_alloc(a, html.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < html.n;) {
    const struct trg_str rest = {html.p + i, html.n - i};
    char c = rest.p[0];
    size_t skip = 1;
    if (c == '<' && is_tag(rest)) {
      skip = tag_length(rest);
      if (skip == 0) break;
      if (strchr("phlbdtPHLBDT/", rest.p[1]) != NULL) out[n++] = '\n';
    } else {
      const size_t entity = entity_at(rest, &c);
      if (entity > 0) skip = entity;
      out[n++] = c;
    }
    i += skip;
  }
  return (struct trg_str){out, n};
}

struct splitter {
  struct arena *arena;
  const char *begin, *stem, *source, *title, *language, *category;
  struct passage *list;
  size_t count, room;
  unsigned profiles;
};

static void passage_emit(struct splitter *sp, const char *heading, struct trg_str text) {
  struct buf hidden;
  buf_init(&hidden, SIZE_MAX / 4);
  text = cover_clean(sp->arena, str_trim(text), sp->profiles, 'x', &hidden);
  if (text.n == 0) {
    buf_free(&hidden);
    return;
  }
  if (sp->count == sp->room) {
    const size_t room = sp->room == 0 ? 16 : sp->room * 2;
    struct passage *more = arena_alloc(sp->arena, sizeof *more * room);
    if (sp->count > 0) memcpy(more, sp->list, sizeof *more * sp->count);
    sp->list = more;
    sp->room = room;
  }
  struct passage *p = &sp->list[sp->count++];
  p->id = arena_printf(sp->arena, "%s%s#%zu", sp->begin, sp->stem, sp->count);
  p->source = sp->source;
  p->title = sp->title;
  p->heading = cover_clean(sp->arena, str_of(heading), sp->profiles, 'h', &hidden).p;
  p->text = text.p;
  p->hidden = arena_dup(sp->arena, buf_view(&hidden));
  p->rules = cover_rules(sp->profiles);
  buf_free(&hidden);
  p->language = sp->language;
  p->category = sp->category;
  char hash[HASH_HEX_MAX];
  hash_hex(text, hash);
  p->hash = arena_dup(sp->arena, str_of(hash));
}

/* A long section becomes several passages, cut between paragraphs, else at a character. */
static void section_emit(struct splitter *sp, const char *heading, struct trg_str text) {
  while (text.n > PASSAGE_MAX) {
    size_t cut = 0;
    for (size_t i = 1; i + 1 < PASSAGE_MAX; i++)
      if (text.p[i] == '\n' && text.p[i + 1] == '\n') cut = i;
    if (cut < PASSAGE_MAX / 4) cut = utf8_cut(text, PASSAGE_MAX);
    passage_emit(sp, heading, (struct trg_str){text.p, cut});
    text.p += cut;
    text.n -= cut;
  }
  passage_emit(sp, heading, text);
}

static bool heading_line(struct trg_str line, struct trg_str *ret_text, size_t *ret_level) {
  size_t i = 0;
  while (i < line.n && line.p[i] == '#') i++;
  if (i == 0 || i > 6 || i >= line.n || line.p[i] != ' ') return false;
  *ret_level = i;
  *ret_text = str_trim((struct trg_str){line.p + i, line.n - i});
  return true;
}

static void split_sections(struct splitter *sp, struct trg_str body) {
  struct trg_str rest = body, line;
  const char *heading = "";
  const char *from = body.p;
  char fence = '\0';
  while (rest.n > 0) {
    const char *at = rest.p;
    if (!str_next(&rest, '\n', &line)) break;
    struct trg_str text;
    size_t level = 0;
    if (md_fence(line, &fence) || !heading_line(line, &text, &level)) continue;
    section_emit(sp, heading, (struct trg_str){from, (size_t)(at - from)});
    from = rest.p;
    if (level == 1 && sp->title[0] == '\0')
      sp->title = arena_dup(sp->arena, text);
    else
      heading = level == 1 ? "" : arena_dup(sp->arena, text);
  }
  section_emit(sp, heading, (struct trg_str){from, (size_t)(body.p + body.n - from)});
}

static const char *meta(struct arena *a, const struct yaml *map, const char *key) {
  const struct yaml *n = map != NULL ? yaml_get(map, key) : NULL;
  return n != NULL && n->kind == YAML_SCALAR ? arena_dup(a, str_of(n->text)) : "";
}

/* A NUL is valid UTF-8 and would end the texts that are made of it. */
static struct trg_str without_nul(struct arena *a, struct trg_str s) {
  if (memchr(s.p, '\0', s.n) == NULL) return s;
  char *copy = arena_dup(a, s);
  for (size_t i = 0; i < s.n; i++)
    if (copy[i] == '\0') copy[i] = ' ';
  return (struct trg_str){copy, s.n};
}

/* All of one source have one title, and what is hidden in it. */
static void titles_set(struct splitter *sp, const char *title) {
  struct buf hidden;
  buf_init(&hidden, SIZE_MAX / 4);
  const char *kept = cover_clean(sp->arena, str_of(title), sp->profiles, 't', &hidden).p;
  for (size_t i = 0; i < sp->count; i++) {
    sp->list[i].title = kept;
    if (hidden.n > 0)
      sp->list[i].hidden = arena_printf(sp->arena, "%.*s%s", (int)hidden.n, hidden.p,
                                        sp->list[i].hidden);
  }
  buf_free(&hidden);
}

static void file_split(struct arena *a, const char *path, const char *stem, struct trg_str content,
                       unsigned profiles, struct passage **ret, size_t *ret_count) {
  struct frontmatter f;
  if (content.n > 0) content = without_nul(a, content);
  frontmatter_read(content, path, &f);
  const struct trg_str p = str_of(path);
  struct trg_str body = f.body;
  if (str_ends(p, ".html") || str_ends(p, ".htm")) body = html_text(a, body);
  struct splitter sp = {.arena = a,
                        .begin = "kb:",
                        .stem = stem,
                        .source = arena_dup(a, p),
                        .title = meta(a, f.map, "title"),
                        .language = meta(a, f.map, "language"),
                        .category = meta(a, f.map, "category"),
                        .profiles = profiles};
  split_sections(&sp, body);
  titles_set(&sp, sp.title[0] != '\0' ? sp.title : sp.stem);
  yaml_free(&f.map);
  *ret = sp.list;
  *ret_count = sp.count;
}

void knowledge_split(struct arena *a, const char *path, const char *relative,
                     struct trg_str content, unsigned profiles, struct passage **ret,
                     size_t *ret_count) {
  file_split(a, path, id_stem(a, relative), content, profiles, ret, ret_count);
}

void knowledge_pieces(struct arena *a, const struct passage *of, struct trg_str text,
                      unsigned profiles, struct passage **ret, size_t *ret_count) {
  struct splitter sp = {.arena = a,
                        .begin = "",
                        .stem = of->id,
                        .source = of->source,
                        .language = of->language,
                        .category = of->category,
                        .profiles = profiles};
  section_emit(&sp, "", text);
  titles_set(&sp, of->title);
  *ret = sp.list;
  *ret_count = sp.count;
}

/* --- folders ------------------------------------------------------------------------------------
 */

struct indexing {
  struct store *store;
  struct arena *arena; /* for the whole run */
  const char **files, **stems;
  bool *shared; /* another file has the same stem */
  size_t count;
  const char *folder;
  unsigned profiles;
};

static int collect(void *arg, const char *path) {
  struct indexing *x = arg;
  const struct trg_str p = str_of(path);
  if (!str_ends(p, ".md") && !str_ends(p, ".markdown") && !str_ends(p, ".txt") &&
      !str_ends(p, ".html") && !str_ends(p, ".htm"))
    return 0;
  if (x->count >= FILES_MAX) return 0;
  const size_t skip = strlen(x->folder);
  const char *relative = strncmp(path, x->folder, skip) == 0 ? path + skip : path;
  while (*relative == '/') relative++;
  x->files[x->count] = arena_dup(x->arena, p);
  x->stems[x->count++] = id_stem(x->arena, relative);
  return 0;
}

static int stem_order(const void *a, const void *b, void *stems) {
  const char *const *list = stems;
  return strcmp(list[*(const size_t *)a], list[*(const size_t *)b]);
}

/* Files of one stem ("returns.md" of two folders, "returns.txt" beside it) are told apart by a
 * piece of the hash of their paths, all of them, so that an id never passes from one to another. */
static void stems_part(struct indexing *x) {
  size_t *order = mem_array(x->count + 1, sizeof *order);
  for (size_t i = 0; i < x->count; i++) order[i] = i;
  qsort_r(order, x->count, sizeof *order, stem_order, x->stems);
  for (size_t i = 1; i < x->count; i++)
    if (strcmp(x->stems[order[i - 1]], x->stems[order[i]]) == 0)
      x->shared[order[i - 1]] = x->shared[order[i]] = true;
  for (size_t i = 0; i < x->count; i++) {
    if (!x->shared[i]) continue;
    char hash[HASH_HEX_MAX];
    hash_hex(str_of(x->files[i]), hash);
    x->stems[i] = arena_printf(x->arena, "%s-%.8s", x->stems[i], hash);
  }
  mem_free(order);
}

static int index_file(struct indexing *x, size_t i, bool *ret_changed, struct trg_err *err) {
  const char *path = x->files[i];
  struct buf b;
  char hash[HASH_HEX_MAX];
  buf_init(&b, FILE_MAX_BYTES);
  int rc = file_read(path, FILE_MAX_BYTES, &b, err);
  if (rc >= 0 && !utf8_valid(buf_view(&b)))
    rc = err_set(err, TRG_EINVAL, "utf8", "%s is not valid UTF-8; save it as UTF-8", path);
  bool known = false;
  if (rc >= 0) {
    hash_hex(buf_view(&b), hash);
    /* With its other name or by other rules it must be read again even when its text is the same.
     */
    const char *all = arena_printf(x->arena, "%s %s %lld", hash, x->shared[i] ? x->stems[i] : "",
                                   (long long)cover_rules(x->profiles));
    hash_hex(str_of(all), hash);
    rc = passage_known(x->store, path, hash, &known, err);
  }
  if (rc >= 0 && !known) {
    struct arena *a = arena_new();
    struct passage *p = NULL;
    size_t n = 0;
    file_split(a, path, x->stems[i], buf_view(&b), x->profiles, &p, &n);
    rc = passage_replace(x->store, path, hash, p, n, ret_changed, err);
    arena_free(&a);
  }
  buf_free(&b);
  return rc;
}

/* What is wrong with a file alone is said, and the others are read. */
static int index_one(struct indexing *x, size_t i, size_t *changed_count, struct trg_err *err) {
  bool changed = false;
  struct trg_err bad = {0};
  const int rc = index_file(x, i, &changed, &bad);
  if (changed) (*changed_count)++;
  if (rc == TRG_EINVAL || rc == TRG_ELIMIT || rc == TRG_ENOTFOUND) {
    log_event(TRG_WARN, "knowledge.problem", "path", x->files[i], "why", bad.text, NULL);
    return 0;
  }
  if (rc < 0 && err != NULL) *err = bad;
  return rc;
}

int knowledge_index(struct store *s, const char *const *folders, size_t count, unsigned profiles,
                    bool (*progress)(void *arg, size_t done, size_t total), void *arg,
                    size_t *ret_changed, struct trg_err *err) {
  struct indexing x = {.store = s, .arena = arena_new(), .profiles = profiles};
  x.files = mem_array(FILES_MAX, sizeof *x.files);
  x.stems = mem_array(FILES_MAX, sizeof *x.stems);
  x.shared = mem_array(FILES_MAX, sizeof *x.shared);
  int rc = 0;
  *ret_changed = 0;
  for (size_t i = 0; i < count; i++) {
    x.folder = folders[i];
    struct trg_err bad = {0};
    if (file_walk(folders[i], DEPTH_MAX, collect, &x, &bad) < 0)
      log_event(TRG_WARN, "knowledge.problem", "path", folders[i], "why", bad.text, NULL);
  }
  stems_part(&x);
  /* First, as a file that moved brings the ids of its old place. */
  rc = passage_keep(s, x.files, x.count, err);
  for (size_t i = 0; i < x.count && rc >= 0; i++) {
    rc = index_one(&x, i, ret_changed, err);
    if (rc >= 0 && progress != NULL && !progress(arg, i + 1, x.count))
      rc = err_set(err, TRG_ESTATE, "interrupted", "indexing ended after %zu of %zu files", i + 1,
                   x.count);
  }
  if (rc >= 0 && *ret_changed > 0) rc = passage_pack(s, err);
  mem_free(x.files);
  mem_free(x.stems);
  mem_free(x.shared);
  arena_free(&x.arena);
  return rc;
}

/* --- search -------------------------------------------------------------------------------------
 */

static bool has(const struct passage *list, size_t n, const char *id) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].id, id) == 0) return true;
  return false;
}

/* So many times the limit are looked at to find those in one language among them. */
#define WIDER 3

/* The best in the language (or in none) out of a list of the best in any. */
static size_t of_language(const struct passage *any, size_t any_n, struct trg_str language,
                          size_t limit, struct passage *ret) {
  size_t n = 0;
  for (size_t i = 0; i < any_n && n < limit; i++)
    if (any[i].language[0] == '\0' || str_is(language, any[i].language)) ret[n++] = any[i];
  return n;
}

/* Best of both searches: the ticket's own language first, since a customer can read it; then any.
 * The second search is made only when the first one's list was too short to hold its answer. */
int knowledge_find(struct store *s, struct trg_str question, struct trg_str language, int limit,
                   struct arena *a, struct passage **ret, size_t *ret_count, struct trg_err *err) {
  struct passage *own = NULL, *any = NULL;
  size_t own_n = 0, any_n = 0;
  const size_t most = (size_t)limit;
  const int wide = language.n > 0 ? limit * WIDER : limit;
  int rc = passage_search(s, question, (struct trg_str){NULL, 0}, wide, a, &any, &any_n, err);
  if (rc >= 0 && language.n > 0) {
    own = arena_alloc(a, sizeof *own * (most + 1));
    own_n = of_language(any, any_n, language, most, own);
    if (own_n < most && any_n == (size_t)wide)
      rc = passage_search(s, question, language, limit, a, &own, &own_n, err);
  }
  if (rc < 0) return rc;
  if (any_n > most) any_n = most;
  struct passage *out = arena_alloc(a, sizeof *out * (own_n + any_n + 1));
  size_t n = 0;
  for (size_t i = 0; i < own_n && n < most; i++)
    if (any_n == 0 || own[i].score >= any[0].score * 0.5) out[n++] = own[i];
  for (size_t i = 0; i < any_n && n < most; i++)
    if (!has(out, n, any[i].id)) out[n++] = any[i];
  *ret = out;
  *ret_count = n;
  return 0;
}

/* --- what answered similar tickets --------------------------------------------------------------
 */

/* A search that found little beside what the nearest past ticket has in common with this one (a
 * question in a language that no article is in) has so much less to say. Both figures are those
 * that did best for helpdesk-demo's past tickets, each asked of those of other origin. */
#define SEARCH_PART    1.0
#define SEARCH_AGAINST 0.5
#define VOTE_LEAST     0.1 /* of the most voted */
#define VOTES_MAX      64
/* Tickets much less like this one than the nearest have no vote. */
#define VOTER_SHARE 0.4

struct vote {
  const char *id;
  double weight;
};

static void vote_add(struct vote *votes, size_t *count, const char *id, double weight) {
  for (size_t i = 0; i < *count; i++)
    if (strcmp(votes[i].id, id) == 0) {
      votes[i].weight += weight;
      return;
    }
  if (*count < VOTES_MAX) votes[(*count)++] = (struct vote){id, weight};
}

static int vote_order(const void *a, const void *b) {
  const struct vote *x = a, *y = b;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  return strcmp(x->id, y->id);
}

static size_t votes_of(const struct past *similar, size_t count, struct arena *a,
                       struct vote votes[VOTES_MAX]) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    if (similar[i].score < similar[0].score * VOTER_SHARE) break;
    json *cited = json_parse(str_of(similar[i].cited), 0, NULL);
    for (const json *c = json_first(cited); c != NULL; c = json_next(c))
      vote_add(votes, &n, arena_dup(a, json_str(c)), similar[i].score);
    json_free(&cited);
  }
  if (n > 1) qsort(votes, n, sizeof *votes, vote_order);
  return n;
}

/* The weight that the votes give to this passage; taken off the list. */
static double vote_take(struct vote *votes, size_t count, const char *id) {
  for (size_t i = 0; i < count; i++)
    if (votes[i].id != NULL && strcmp(votes[i].id, id) == 0) {
      votes[i].id = NULL;
      return votes[i].weight;
    }
  return 0;
}

static int passage_order(const void *a, const void *b) {
  const struct passage *x = a, *y = b;
  if (x->score != y->score) return x->score > y->score ? -1 : 1;
  return strcmp(x->id, y->id);
}

/* How much the search has to say beside the votes; its best score in *ret_best. */
static double search_part(const struct passage *found, size_t found_n, const struct past *similar,
                          size_t similar_count, double *ret_best) {
  double best = 0;
  for (size_t i = 0; i < found_n; i++) best = found[i].score > best ? found[i].score : best;
  const double against = similar_count > 0 ? SEARCH_AGAINST * similar[0].score : 0;
  *ret_best = best;
  return best < against ? SEARCH_PART * best / against : SEARCH_PART;
}

/* Votes and search each give the best a 1 and the others their share of it; the sum decides. */
int knowledge_answer(struct store *s, struct trg_str question, struct trg_str language,
                     const struct past *similar, size_t similar_count, int limit, struct arena *a,
                     struct passage **ret, size_t *ret_count, struct trg_err *err) {
  struct vote votes[VOTES_MAX];
  struct passage *found = NULL;
  size_t found_n = 0, n = 0;
  int rc = knowledge_find(s, question, language, limit, a, &found, &found_n, err);
  if (rc < 0) return rc;
  const size_t voted = votes_of(similar, similar_count, a, votes);
  const double most_votes = voted > 0 ? votes[0].weight : 1;
  double best = 0;
  const double part = search_part(found, found_n, similar, similar_count, &best);
  struct passage *out = arena_alloc(a, sizeof *out * (found_n + VOTES_MAX));
  for (size_t i = 0; i < found_n; i++) {
    out[n] = found[i];
    const double share = best > 0 ? found[i].score / best : 0;
    out[n++].score = part * share + vote_take(votes, voted, found[i].id) / most_votes;
  }
  for (size_t i = 0; i < voted; i++) {
    if (votes[i].id == NULL || votes[i].weight < most_votes * VOTE_LEAST) continue;
    rc = passage_by_id(s, str_of(votes[i].id), a, &out[n], err);
    if (rc == TRG_ENOTFOUND) continue; /* the article went, or has other sections now */
    if (rc < 0) return rc;
    out[n++].score = votes[i].weight / most_votes;
  }
  if (n > 1 && voted > 0) qsort(out, n, sizeof *out, passage_order);
  *ret = out;
  *ret_count = n < (size_t)limit ? n : (size_t)limit;
  return 0;
}

int knowledge_source(struct store *s, struct trg_str reply, struct arena *a, const char **ret,
                     struct trg_err *err) {
  struct passage *p = NULL;
  size_t n = 0;
  *ret = "[]";
  const int rc = passage_search(s, reply, (struct trg_str){NULL, 0}, 1, a, &p, &n, err);
  if (rc < 0 || n == 0 || support_of(reply, str_of(p[0].text)) < SUPPORT_LEAST) return rc;
  json *list = json_array();
  json_add_str(list, str_of(p[0].id));
  char *text = json_text(list);
  *ret = arena_dup(a, str_of(text));
  mem_free(text);
  json_free(&list);
  return 0;
}
