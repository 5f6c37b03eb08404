/*
 * Field tables: a YAML map read into a struct by a table of struct trg_field. The daemon's own
 * blocks and the plugins' settings go through this one reader.
 */
#ifndef CONF_FIELD_H
#define CONF_FIELD_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct yaml;
struct arena;
struct conf_problems;

/* Whose references may stay unresolved, with a warning and the value absent: for who only reads
 * the state and has not the service's secrets. */
enum field_lenient { LENIENT_NONE = 0, LENIENT_SECRETS = 1, LENIENT_ALL = 2 };

struct field_reader {
  struct arena *arena; /* strings live here */
  const char *file;
  const char *folder; /* for relative ${file:...} when CREDENTIALS_DIRECTORY is unset */
  struct conf_problems *problems;
  /* From here on optional; zero is fine. */
  struct trg_str source; /* the file's text: finds the line of a key whose value begins below it */
  enum field_lenient lenient;
  size_t clear_secrets; /* counted: secrets that stand in the file itself */
};
/* Fills `out` by `fields` (ended by a NULL name): defaults first, then what the map has. Keys of
 * `map` that neither table has are errors; pass the host's own table as `also` (may be NULL),
 * whose names are skipped here. `path` is the dotted path of map, for messages. */
void field_fill(struct field_reader *r, const struct yaml *map, const char *path,
                const struct trg_field *fields, const struct trg_field *also, void *out);
/* One scalar with its ${env:NAME} and ${file:PATH} references resolved; NULL after a problem. A
 * resolved reference is registered as a secret with the log. */
const char *field_text(struct field_reader *r, const struct yaml *node, const char *path,
                       bool *ret_secret);
void field_unknown(struct field_reader *r, const struct yaml *map, const char *path,
                   const struct trg_field *a, const struct trg_field *b);
/* field_fill without the look for unknown keys. */
void field_read(struct field_reader *r, const struct yaml *map, const char *path,
                const struct trg_field *fields, void *out);
/* A list of texts, resolved; NULL and 0 when absent or wrong. */
const char *const *field_list(struct field_reader *r, const struct yaml *node, const char *path,
                              size_t *ret_count);
/* The subtree as JSON with references resolved, in the reader's arena. */
const char *field_json(struct field_reader *r, const struct yaml *node, const char *path);
/* The origin is one that the program may talk to: https, or http on a loopback host. NULL, or
 * what is wrong and what would be right. */
const char *field_url_wrong(const char *url);
/* The line of `at`: its key's, when the value begins below. 1 when there is none. */
uint32_t field_line(const struct field_reader *r, const struct yaml *at);
/* Adds a problem or a warning at the line of `at` (its key's, when the value begins below). */
void field_wrong(struct field_reader *r, const struct yaml *at, const char *path,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
void field_warn(struct field_reader *r, const struct yaml *at, const char *path, const char *format,
                ...) __attribute__((format(printf, 4, 5)));
/* The nearest of `words` (ended by NULL) when it is near enough to be a slip; else NULL. */
const char *field_nearest(const char *word, const char *const *words);
/* Text of one field for the printed reference. */
struct buf;
void field_describe(struct buf *b, const struct trg_field *f, int indent);

#endif
