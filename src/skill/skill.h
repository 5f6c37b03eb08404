/*
 * Agent Skills and Claude plugin folders: found, parsed leniently, chosen by task. Names and
 * descriptions are always known; a body is read when its skill is used, a reference when the body
 * asks for it (render.h). Scripts are never run.
 */
#ifndef SKILL_SKILL_H
#define SKILL_SKILL_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;
struct bundle;

/* What one skill may take of a prompt, and all that are chosen for one ticket together. */
#define SKILL_TOKENS_MAX     5000
#define SKILL_TOKENS_CHOSEN  8000
#define REFERENCE_TOKENS_MAX 2500

#define SKILL_WORDS_MAX 200
struct skill {
  const char *name;   /* front matter, else the folder's or file's */
  const char *plugin; /* plugin it came with, or "" */
  const char *description;
  const char *path; /* SKILL.md, or a command's file */
  const char *root; /* plugin root, else the configured folder: reads stay inside */
  char hash[65];    /* of the file, as it was when it was loaded */
  bool command;     /* of a plugin's commands/ */
  size_t from;      /* which of the configured folders */
  const char *when_to_use, *argument_hint, *version; /* "" when absent */
  const char *const *triggers;                       /* phrases */
  size_t trigger_count;
  const char *const *allowed_tools;
  size_t allowed_tool_count;
  bool user_invocable;  /* people may call it by name */
  bool model_invocable; /* may be chosen for a ticket by its description */
  uint32_t body_line;
  size_t catalog_tokens, body_tokens; /* estimated */
  struct trg_str *words;              /* telling ones of name, description and when_to_use */
  size_t word_count;
};
struct skills;
/* Loads every folder; what is wrong with one skill or folder is told through `problem` and the
 * others still load. Never NULL. */
struct skills *skills_load(const char *const *folders, size_t count,
                           void (*problem)(void *arg, const char *path, uint32_t line,
                                           const char *text),
                           void *arg);
void skills_free(struct skills **s);
size_t skills_count(const struct skills *s);
const struct skill *skills_at(const struct skills *s, size_t i);
/* By "name" or "plugin:name". Of several with one name that of the folder named last in the
 * configuration counts, so that a company's own replaces the shipped one. NULL: none */
const struct skill *skills_find(const struct skills *s, const char *name);
const char *skills_hash(const struct skills *s); /* of all files together, hex */
/* Plugin folders that were found, for their connectors and servers. */
size_t skills_bundles(const struct skills *s, const struct bundle *const **ret);

/* The markdown without front matter, read from the file at the first call and kept. NULL and err
 * when it can not be read, or is not the one that was loaded any more (a reload takes it). */
const char *skill_body(struct skills *s, const struct skill *k, struct trg_err *err);
/* A file that the skill links to, as UTF-8 text: never from outside of its root, never a script.
 * Path relative to the skill's file. String from `a`. */
int skill_reference(const struct skill *k, const char *relative, struct arena *a, const char **ret,
                    struct trg_err *err);
/* Estimated: four ASCII characters a token, other characters one and a half to a token. */
size_t skill_tokens(struct trg_str text);

/* A markdown table, as rows of cells without marks of emphasis and code. */
struct md_table {
  size_t rows, columns;
  const char **header; /* columns */
  const char **cells;  /* rows * columns, row by row */
  const char *heading; /* the nearest above it, or "" */
  uint32_t line;       /* of the header, in the text; rows begin two below */
};
/* All tables of the text, in order. Strings from `a`. */
size_t md_tables(struct arena *a, const char *markdown, struct md_table **ret);
/* The first below the heading of this text; false when it or a table below it is missing. */
bool md_table_below(struct arena *a, const char *markdown, const char *heading,
                    struct md_table *ret);
/* The first that has such a column. */
bool md_table_with(struct arena *a, const char *markdown, const char *header, struct md_table *ret);
/* Is this line inside, or an end of, a fenced code block? *open: '\0' before the first line; holds
 * the fence's character from line to line. */
bool md_fence(struct trg_str line, char *open);
ptrdiff_t md_column(const struct md_table *t, const char *header);           /* nocase; -1 */
const char *md_cell(const struct md_table *t, size_t row, ptrdiff_t column); /* "" for -1 */

#endif
