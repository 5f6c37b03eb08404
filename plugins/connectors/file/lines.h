/*
 * Folders of JSON lines, read as they grow: where each ticket's newest line is. Everything here
 * touches the disk and so runs on a pool thread; it knows nothing of the daemon.
 */
#ifndef FILE_LINES_H
#define FILE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

#define FILE_RESULTS "results.jsonl"

/* Where a line stands. */
struct file_place {
  char *id;   /* of the ticket; owned */
  char *name; /* of the file in the folder; owned */
  int64_t offset;
  size_t n; /* bytes without the line feed */
};
struct file_places {
  struct file_place *list;
  size_t count, room;
  size_t *slots; /* hash table of the list's indexes plus one; the newest of an id */
  size_t slot_count;
};
/* Takes the place; its strings are then the list's. */
void file_places_add(struct file_places *p, struct file_place at);
void file_places_free(struct file_places *p);
/* The newest place of that id, or NULL. */
const struct file_place *file_places_find(const struct file_places *p, struct trg_str id);

/* One look at the folder. `cursor` is the JSON text of an earlier look ({"a.jsonl":120,...}), or
 * empty. Reads at most `max_bytes` of whole lines behind it. */
struct file_look {
  struct file_places found; /* in the order of the lines */
  char *cursor;             /* for the next look; owned */
  bool more;
  size_t bad;             /* lines that are no ticket */
  char first_bad[256];    /* where the first of them stands */
  size_t unread;          /* files that could not be read; they are tried again next time */
  char first_unread[400]; /* which, and why */
};
/* 0, or -1 and err. */
int file_look(const char *folder, struct trg_str cursor, size_t max_bytes, struct file_look *ret,
              struct trg_err *err);
void file_look_free(struct file_look *l);
/* One line as text; NULL and err. free() it. */
char *file_line(const char *folder, const struct file_place *at, struct trg_err *err);
/* Appends one line to results.jsonl and has it on the disk. 0 or -1 and err. */
int file_append(const char *folder, struct trg_str line, struct trg_err *err);
/* Is there a result with this key? 1, 0, or -1 and err. *ret_reply (may be NULL): it has a reply.
 */
int file_has_key(const char *folder, struct trg_str key, bool *ret_reply, struct trg_err *err);

#endif
